// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, EnvironmentError, messageOf } from '../../../core/errors.ts';
import { editRunnerConfig, findRunner, requiredKeys, type RunnerEntry } from './runner-config.ts';
import { settingsTemplate } from './settings-template.ts';
import { loadSettings } from '../settings.ts';

/** What to install. */
export interface Installation {
  /** absolute path of GitLab Runner's config.toml */
  readonly runnerConfig: string;
  /** which of its runners; absent when only one has the custom executor */
  readonly name: string | undefined;
  /** absolute path of the driver's settings */
  readonly settings: string;
  /** words that start `alpy executor` */
  readonly program: readonly string[];
}

/**
 * Reads config.toml and finds the runner.
 * @throws EnvironmentError when it cannot be read
 * @throws RunnerConfigError, UsageError as `findRunner` does
 */
export async function readRunner({
  runnerConfig: file,
  name,
}: Pick<Installation, 'runnerConfig' | 'name'>): Promise<{ readonly text: string; readonly runner: RunnerEntry }> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const reason =
      codeOf(cause) === 'ENOENT'
        ? `there is no ${file}. Install GitLab Runner, then: gitlab-runner register --executor custom. When it runs as another user, say where its file is: --runner-config FILE`
        : `cannot read ${file}: ${messageOf(cause)}. Run this as who runs GitLab Runner, mostly root`;
    throw new EnvironmentError(reason, { cause });
  });
  return { text, runner: findRunner(text, file, name) };
}

/**
 * Makes the driver that of a runner: writes its settings when there are none, and what the runner has to know into config.toml,
 * of which a copy is kept.
 * @returns what was done, a line each; nothing when all was so already
 * @throws EnvironmentError when a file cannot be read or written
 * @throws RunnerConfigError, UsageError, ExecutorSettingsError when one of them is not as it must be; nothing is written then
 */
export async function install(installation: Installation): Promise<readonly string[]> {
  const { runnerConfig, settings: file, program } = installation;
  const { text, runner } = await readRunner(installation);
  const done: string[] = [];
  if (!existsSync(file)) {
    await writing(file, async () => {
      await mkdir(dirname(file), { recursive: true });
      await writeBeside(file, settingsTemplate, runnerConfig);
    });
    done.push(`wrote ${file}: look through it`);
  }
  const edited = editRunnerConfig(text, runnerConfig, runner, requiredKeys(await loadSettings(file), program));
  if (edited === text) return done;
  const backup = `${runnerConfig}.alpy-backup`;
  await assertWritable(runnerConfig);
  await writing(runnerConfig, async () => {
    await copyFile(runnerConfig, backup);
    await writeBeside(await realpath(runnerConfig), edited, runnerConfig);
  });
  done.push(`wrote ${runnerConfig}: runner ${JSON.stringify(runner.name)}; ${backup} is what it was before`);
  return done;
}

/** Somebody made it so on purpose, and root would not notice. */
async function assertWritable(file: string): Promise<void> {
  const { mode } = await stat(file);
  if ((mode & 0o222) !== 0) return;
  throw new EnvironmentError(
    `${file} is read-only. Another program may look after it: give that one what alpy executor install --print prints. Or: chmod u+w ${file}`,
  );
}

async function writing(file: string, act: () => Promise<void>): Promise<void> {
  await act().catch((cause: unknown) => {
    throw new EnvironmentError(`cannot write ${file}: ${messageOf(cause)}. Run this as who runs GitLab Runner, mostly root`, {
      cause,
    });
  });
}

/** Writes a file at once, with owner and mode of another one, as both may hold secrets. */
async function writeBeside(file: string, text: string, like: string): Promise<void> {
  const { uid, gid, mode } = await stat(like);
  const part = `${file}.alpy-part`;
  try {
    await rm(part, { force: true });
    await writeFile(part, text, { mode: 0o600, flag: 'wx' });
    await chown(part, uid, gid);
    await chmod(part, mode & 0o777);
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}
