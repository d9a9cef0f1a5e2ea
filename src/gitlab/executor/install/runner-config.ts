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

/** A `[[runners]]` table of GitLab Runner's config.toml. */
export interface RunnerEntry {
  /** its index, from 0 */
  readonly index: number;
  readonly name: string;
  /** its keys */
  readonly own: Readonly<Record<string, unknown>>;
  /** keys of `[runners.custom]` */
  readonly custom: Readonly<Record<string, unknown>>;
  /** how many jobs it may run at the same time */
  readonly jobs: number;
}

/** Keys that the driver requires in a runner's table, and defaults for others. */
export interface RequiredKeys {
  readonly own: Keys;
  readonly custom: Keys;
  /** of `[runners.custom]`: set only if missing */
  readonly defaults: Keys;
  /** of `[runners.custom_build_dir]`: set only if missing */
  readonly buildDir: Keys;
}

/** How long a cancelled stage may take to end a testbed before it is killed, in `s`. */
const gracefulKillSeconds = 120;

/** GitLab Runner's config.toml cannot be used. */
export class RunnerConfigError extends SettingsError {
  readonly code = 'ALPY_RUNNER_CONFIG';
}

/**
 * The keys that config.toml must have. All paths are absolute, because the runner starts programs in another folder and with another
 * PATH. Pure.
 * @param program - command line of `alpy executor`
 */
export function requiredKeys(
  { root, file }: Pick<Settings, 'root' | 'file'>,
  [exec = '', ...args]: readonly string[],
): RequiredKeys {
  const stage = (name: string): Keys => ({
    [`${name}_exec`]: exec,
    [`${name}_args`]: [...args, name, '--settings', file],
  });
  return {
    own: { shell: 'bash', builds_dir: join(root, 'builds'), cache_dir: join(root, 'cache') },
    custom: { ...stage('config'), ...stage('prepare'), ...stage('run'), ...stage('cleanup') },
    defaults: { graceful_kill_timeout: gracefulKillSeconds },
    buildDir: { enabled: true }, // allows GIT_CLONE_PATH: every job has its own builds_dir
  };
}

/**
 * Finds the runner that the driver is for. Pure.
 * @param file - for messages
 * @param name - of the runner; default: the only one with the custom executor
 * @throws RunnerConfigError when the text is no valid config.toml
 * @throws UsageError when there is no such runner, or more than one
 */
export function findRunner(text: string, file: string, name: string | undefined): RunnerEntry {
  const { concurrent, runners } = readRunnerConfig(text, file);
  const entries = runners.map((own, index) => ({ own, index }));
  const custom = entries.filter(({ own }) => own.executor === 'custom');
  const matching = name === undefined ? custom : entries.filter((entry) => entry.own.name === name);
  const [found] = matching;
  const names = (of: typeof entries): string => of.map(({ own }) => JSON.stringify(own.name)).join(', ') || 'none';
  const register = `gitlab-runner register --executor custom --config ${file}`;
  if (name !== undefined && !found)
    throw new UsageError(`${file}: there is no runner ${JSON.stringify(name)}. It has: ${names(entries)}`);
  if (!found)
    throw new UsageError(`${file}: no runner has executor = "custom". It has: ${names(entries)}. To add one, run: ${register}`);
  if (matching.length > 1)
    throw new UsageError(
      name === undefined
        ? `${file}: several runners have executor = "custom": ${names(matching)}. Choose one: --name NAME`
        : `${file}: ${matching.length} runners have the name ${JSON.stringify(name)}. Give them different names`,
    );
  const { own, index } = found;
  if (own.executor !== 'custom')
    throw new UsageError(
      `${file}: the runner ${JSON.stringify(own.name)} has executor = ${JSON.stringify(own.executor)}, expected "custom". Changing it would break its other jobs: change it by hand if that is intended, or register another runner: ${register}`,
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

/** Keys that differ from what the driver requires, a line each. Pure. */
export function differences({ own, custom }: RunnerEntry, required: RequiredKeys): readonly string[] {
  const lines = (found: Readonly<Record<string, unknown>>, keys: Keys, where: string): readonly string[] =>
    Object.entries(keys).flatMap(([key, value]) => {
      if (isDeepStrictEqual(plain(found[key]), plain(value))) return [];
      const got = found[key] === undefined ? 'nothing' : JSON.stringify(found[key]);
      return [`${where}${key}: expected ${JSON.stringify(value)}, got ${got}`];
    });
  return [...lines(own, required.own, ''), ...lines(custom, required.custom, 'custom.')];
}

/**
 * Changes the text of a config.toml so that one runner has the keys that the driver requires. Everything else stays, comments too. Pure.
 * @param file - for messages
 * @throws EnvironmentError when the text is written in a way that cannot be changed safely
 */
export function editRunnerConfig(text: string, file: string, runner: RunnerEntry, required: RequiredKeys): string {
  const custom = { ...required.custom, ...missingFrom(runner.custom, required.defaults) };
  const found = runner.own['custom_build_dir'] as Readonly<Record<string, unknown>> | undefined;
  const buildDir = missingFrom(found ?? {}, required.buildDir);
  const inner = { custom, ...(Object.keys(buildDir).length > 0 ? { custom_build_dir: buildDir } : {}) };
  const edited = setKeys(text, 'runners', runner.index, required.own, inner);
  const expected = readRunnerConfig(text, file);
  const tables = { custom: { ...runner.custom, ...custom }, custom_build_dir: { ...found, ...buildDir } };
  Object.assign(expected.runners[runner.index] ?? {}, required.own, tables);
  if (isDeepStrictEqual(plain(readIfValid(edited, file)), plain(expected))) return edited;
  throw new EnvironmentError(
    `alpy cannot change ${file} without losing something, because of how it is written. It was not changed. Add by hand what alpy executor install --print prints`,
  );
}

function missingFrom(found: Readonly<Record<string, unknown>>, keys: Keys): Keys {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => found[key] === undefined));
}

function readIfValid(text: string, file: string): unknown {
  try {
    return readRunnerConfig(text, file);
  } catch {
    return undefined;
  }
}

/** The value without prototypes and with dates as text, so that it can be compared. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

const scriptTimeout = 'environment = ["RUNNER_SCRIPT_TIMEOUT=50m"]';

/**
 * Suggests a setting that depends on the runner's jobs, so it is not written. Pure.
 * @returns `undefined` if config.toml has it
 */
export function timeoutSuggestion({ own }: Pick<RunnerEntry, 'own'>): string | undefined {
  const { environment } = own;
  if (Array.isArray(environment) && environment.some((one) => String(one).startsWith('RUNNER_SCRIPT_TIMEOUT='))) return undefined;
  return `suggestion: when a job reaches its timeout, GitLab Runner runs no after_script and uploads no artifacts. Set RUNNER_SCRIPT_TIMEOUT to less than the job's timeout in .gitlab-ci.yml, or for all jobs of this runner in config.toml. For a timeout of an hour: ${scriptTimeout}`;
}

/** The part of config.toml to paste. Pure. */
export function configExcerpt({ own, custom, defaults, buildDir }: RequiredKeys): string {
  const lines = (keys: Keys, indent: string): readonly string[] =>
    Object.entries(keys).map(([key, value]) => indent + assignment(key, value));
  return [
    '[[runners]]',
    '  # keep the name, url and token of your runner',
    ...lines({ executor: 'custom', ...own }, '  '),
    `  # ${scriptTimeout} # less than the jobs' timeout: a job that reaches its timeout has no artifacts`,
    '  [runners.custom]',
    ...lines({ ...custom, ...defaults }, '    '),
    '  [runners.custom_build_dir]',
    ...lines(buildDir, '    '),
  ].join('\n');
}
