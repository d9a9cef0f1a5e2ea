// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:fs';
import { differences, requiredKeys, type RunnerEntry, type Settings } from '../gitlab/executor/index.ts';
import { hasAccess } from './file-access.ts';
import { failure, type Finding } from './finding.ts';

const remedy = 'alpy executor install';

/**
 * Checks whether the runner's part of config.toml is what `alpy executor install` would write. Pure.
 * @param program - words that start `alpy executor`
 */
export function checkRunnerEntry(runner: RunnerEntry, settings: Settings, program: readonly string[]): Finding {
  const name = `runner ${runner.name}`;
  const found = differences(runner, requiredKeys(settings, program));
  if (found.length === 0) return { name, result: 'ok', text: 'config.toml is set up for this alpy' };
  return failure(name, found.join('; '), remedy);
}

/** Checks whether the programs that config.toml names for the stages exist. */
export async function checkStagePrograms({ custom }: RunnerEntry): Promise<Finding> {
  const name = 'programs';
  const programs = new Set<string>();
  for (const stage of ['config', 'prepare', 'run', 'cleanup']) {
    const [exec, args] = [custom[`${stage}_exec`], custom[`${stage}_args`]];
    if (typeof exec !== 'string') continue;
    if (!(await hasAccess(exec, constants.X_OK))) return failure(name, `${exec} is missing or not executable`, remedy);
    const script: unknown = Array.isArray(args) ? args[0] : undefined;
    if (typeof script === 'string' && script.startsWith('/') && !(await hasAccess(script, constants.R_OK)))
      return failure(name, `${script} is missing or not readable`, remedy);
    programs.add(exec);
  }
  return { name, result: 'ok', text: [...programs].join(', ') || 'none yet' };
}
