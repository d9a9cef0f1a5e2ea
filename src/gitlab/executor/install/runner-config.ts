// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { EnvironmentError, messageOf, SettingsError, UsageError } from '../../../core/errors.ts';
import type { Settings } from '../settings.ts';
import { assignment, setKeys, type Keys } from './toml-text.ts';

const RunnerSchema = z.looseObject({
  name: z.string().default(''),
  executor: z.string().default(''),
  limit: z.number().default(0),
  custom: z.record(z.string(), z.unknown()).default({}),
  custom_build_dir: z.record(z.string(), z.unknown()).optional(),
});

const RunnerConfigSchema = z.looseObject({ concurrent: z.number().default(1), runners: z.array(RunnerSchema).default([]) });

/** A `[[runners]]` of GitLab Runner's config.toml. */
export interface RunnerEntry {
  /** which of them, from 0 */
  readonly index: number;
  readonly name: string;
  /** its keys */
  readonly own: Readonly<Record<string, unknown>>;
  /** those of `[runners.custom]` */
  readonly custom: Readonly<Record<string, unknown>>;
  /** how many jobs it may have at once */
  readonly jobs: number;
}

/** What the driver needs of a runner: keys that must be so, and some that may be otherwise. */
export interface RequiredKeys {
  readonly own: Keys;
  readonly custom: Keys;
  /** of `[runners.custom]`: set only when absent */
  readonly defaults: Keys;
  /** of `[runners.custom_build_dir]`: set only when absent */
  readonly buildDir: Keys;
}

/** How long a cancelled stage may take to end a testbed before it is killed, in `s`. */
const gracefulKillSeconds = 120;

/** GitLab Runner's config.toml cannot be used. */
export class RunnerConfigError extends SettingsError {
  readonly code = 'ALPY_RUNNER_CONFIG';
}

/**
 * What config.toml has to say. All paths are absolute, as the runner starts programs in a folder and with a PATH of its own. Pure.
 * @param program - words that start `alpy executor`
 */
export function requiredKeys(
  { root, file }: Pick<Settings, 'root' | 'file'>,
  [exec = '', ...words]: readonly string[],
): RequiredKeys {
  const stage = (name: string): Keys => ({
    [`${name}_exec`]: exec,
    [`${name}_args`]: [...words, name, '--settings', file],
  });
  return {
    own: { shell: 'bash', builds_dir: join(root, 'builds'), cache_dir: join(root, 'cache') },
    custom: { ...stage('config'), ...stage('prepare'), ...stage('run'), ...stage('cleanup') },
    defaults: { graceful_kill_timeout: gracefulKillSeconds },
    buildDir: { enabled: true }, // for GIT_CLONE_PATH: every job has a builds_dir of its own
  };
}

/**
 * Finds the runner that the driver is for. Pure.
 * @param file - for messages
 * @param name - of the runner; absent when there is only one with the custom executor
 * @throws RunnerConfigError when the text is no config.toml
 * @throws UsageError when there is no such runner, or there are several
 */
export function findRunner(text: string, file: string, name: string | undefined): RunnerEntry {
  const { concurrent, runners } = readRunnerConfig(text, file);
  const entries = runners.map((own, index) => ({ own, index }));
  const custom = entries.filter(({ own }) => own.executor === 'custom');
  const meant = name === undefined ? custom : entries.filter((entry) => entry.own.name === name);
  const [found] = meant;
  const names = (of: typeof entries): string => of.map(({ own }) => JSON.stringify(own.name)).join(', ') || 'none';
  const register = `register one: gitlab-runner register --executor custom --config ${file}`;
  if (name !== undefined && !found)
    throw new UsageError(`${file}: there is no runner ${JSON.stringify(name)}; there are: ${names(entries)}`);
  if (!found)
    throw new UsageError(`${file}: no runner has executor = "custom"; there are: ${names(entries)}. To have one, ${register}`);
  if (meant.length > 1)
    throw new UsageError(
      name === undefined
        ? `${file}: several runners have executor = "custom": ${names(meant)}. Say which: --name NAME`
        : `${file}: ${meant.length} runners are called ${JSON.stringify(name)}; give one of them another name`,
    );
  const { own, index } = found;
  if (own.executor !== 'custom')
    throw new UsageError(
      `${file}: the runner ${JSON.stringify(own.name)} has executor = ${JSON.stringify(own.executor)}, wanted is "custom": its other jobs would fail. Change it by hand if that is meant, or ${register}`,
    );
  const jobs = own.limit > 0 ? Math.min(own.limit, concurrent) : concurrent;
  return { index, name: own.name, own, custom: own.custom, jobs };
}

function readRunnerConfig(text: string, file: string): z.output<typeof RunnerConfigSchema> {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (cause) {
    throw new RunnerConfigError(file, [messageOf(cause).trim()], { cause });
  }
  const checked = RunnerConfigSchema.safeParse(raw);
  if (checked.success) return checked.data;
  throw new RunnerConfigError(
    file,
    checked.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole file'}: ${message}`),
  );
}

/** Keys that are not as the driver wants them, a line each. Pure. */
export function differences({ own, custom }: RunnerEntry, wanted: RequiredKeys): readonly string[] {
  const lines = (found: Readonly<Record<string, unknown>>, keys: Keys, where: string): readonly string[] =>
    Object.entries(keys).flatMap(([key, value]) => {
      if (isDeepStrictEqual(plain(found[key]), plain(value))) return [];
      const is = found[key] === undefined ? 'is not set' : `is ${JSON.stringify(found[key])}`;
      return [`${where}${key} ${is}, wanted is ${JSON.stringify(value)}`];
    });
  return [...lines(own, wanted.own, ''), ...lines(custom, wanted.custom, 'custom.')];
}

/**
 * Changes the text of a config.toml so that one runner has what the driver wants. All else stays as it is, comments too. Pure.
 * @param file - for messages
 * @throws EnvironmentError when the text is written in a way in which that cannot be done safely
 */
export function editRunnerConfig(text: string, file: string, runner: RunnerEntry, wanted: RequiredKeys): string {
  const custom = { ...wanted.custom, ...absentFrom(runner.custom, wanted.defaults) };
  const found = runner.own['custom_build_dir'] as Readonly<Record<string, unknown>> | undefined;
  const buildDir = absentFrom(found ?? {}, wanted.buildDir);
  const inner = { custom, ...(Object.keys(buildDir).length > 0 ? { custom_build_dir: buildDir } : {}) };
  const edited = setKeys(text, 'runners', runner.index, wanted.own, inner);
  const expected = readRunnerConfig(text, file);
  const tables = { custom: { ...runner.custom, ...custom }, custom_build_dir: { ...found, ...buildDir } };
  Object.assign(expected.runners[runner.index] ?? {}, wanted.own, tables);
  if (isDeepStrictEqual(plain(readIfValid(edited, file)), plain(expected))) return edited;
  throw new EnvironmentError(
    `${file} is written in a way that alpy does not know how to change without losing something. It is as it was; put in by hand what alpy executor install --print prints`,
  );
}

function absentFrom(found: Readonly<Record<string, unknown>>, keys: Keys): Keys {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => found[key] === undefined));
}

function readIfValid(text: string, file: string): unknown {
  try {
    return readRunnerConfig(text, file);
  } catch {
    return undefined;
  }
}

/** Without prototypes, and dates as text: comparable. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

const scriptTimeout = 'environment = ["RUNNER_SCRIPT_TIMEOUT=50m"]';

/**
 * What a runner might have besides: it depends on its jobs, so it is not written. Pure.
 * @returns `undefined` when config.toml has it
 */
export function timeoutSuggestion({ own }: Pick<RunnerEntry, 'own'>): string | undefined {
  const { environment } = own;
  if (Array.isArray(environment) && environment.some((one) => String(one).startsWith('RUNNER_SCRIPT_TIMEOUT='))) return undefined;
  return `a proposal: when a job reaches its time-out, GitLab Runner runs no after_script and uploads no artifacts. Set RUNNER_SCRIPT_TIMEOUT to less than the job's timeout: in .gitlab-ci.yml, or for all jobs of this runner, such as for time-outs of an hour, in config.toml: ${scriptTimeout}`;
}

/** The part of config.toml for pasting. Pure. */
export function configExcerpt({ own, custom, defaults, buildDir }: RequiredKeys): string {
  const lines = (keys: Keys, indent: string): readonly string[] =>
    Object.entries(keys).map(([key, value]) => indent + assignment(key, value));
  return [
    '[[runners]]',
    '  # name, url and token: those of your runner',
    ...lines({ executor: 'custom', ...own }, '  '),
    `  # ${scriptTimeout} # less than the jobs' timeout: else one that reaches it has no artifacts`,
    '  [runners.custom]',
    ...lines({ ...custom, ...defaults }, '    '),
    '  [runners.custom_build_dir]',
    ...lines(buildDir, '    '),
  ].join('\n');
}
