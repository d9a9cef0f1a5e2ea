// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import { codeOf, UsageError } from '../../../core/errors.ts';
import type { Config, LoadedConfig } from '../../../config/index.ts';
import { flagVariables, findUnsafeFlag, safeFlagsText } from './git-flags.ts';
import { valuesOf, type Job } from '../job.ts';
import { jobPaths } from '../paths.ts';
import type { Settings } from '../settings.ts';

/** Feature flags of the runner that, when on, have its scripts do on its own machine what the job says, and why. */
const hostileFlags: Readonly<Record<string, string>> = {
  FF_ENABLE_JOB_CLEANUP: 'git would clean up by the settings in .git, which the job may have changed',
  FF_POSIXLY_CORRECT_ESCAPES: 'values of variables could then end a command and begin another',
  FF_CLEAN_UP_FAILED_CACHE_EXTRACT: 'it would delete what cache:paths name, wherever that is',
};

/** The runner makes `git submodule foreach "git clean …"` of them, which is a line for a shell. */
const harmlessCleanFlags = /^[\w ./=*-]*$/;

/** Variables whose values the runner puts into double quotes of its scripts, where a shell expands some signs. */
const quotedVariables = [
  ...['GIT_SUBMODULE_PATHS', 'CI_PROJECT_PATH', 'CI_SERVER_HOST'],
  ...['CI_SERVER_SHELL_SSH_HOST', 'CI_SERVER_SHELL_SSH_PORT'],
];

/** A folder that the runner also puts into its scripts without any quotes; of no sign can a shell make more than a name. */
const plainPath = /^[\p{L}\p{N}\w./@+,:=%-]*$/u;

/** Any other could be no variable of a shell; and the runner puts names into double quotes, and `NAME=VALUE` into one word. */
const plainName = /^[A-Za-z_]\w*$/;

/** Signs that mean something to a shell within double quotes. */
const activeSigns = /["$`\\\n]/;

/**
 * Sees that a job asks for nothing that would run programs of its own on the runner's machine: git and the artifacts are
 * handled there, by scripts that the runner makes of what the job says. Its variables may have any names: those that a program
 * there would heed do not reach it.
 * @throws UsageError with what to take out
 */
export function assertJobIsSafe(job: Job, settings: Settings): void {
  const { trustJobs, file } = settings;
  if (trustJobs) return;
  const checks = [
    ...[findNameProblem, findHookProblem, findFeatureFlagProblem, findGitFlagProblem],
    ...[findQuotingProblem, findFolderProblem, findFileProblem],
  ];
  const complaint = checks.map((check) => check(job, settings)).find((text) => text !== undefined);
  if (complaint !== undefined)
    throw new UsageError(`${complaint}. An administrator who trusts all who may start a pipeline sets trustJobs in ${file}`);
}

function findHookProblem({ hooks }: Job): string | undefined {
  if (hooks.length === 0) return undefined;
  return `this runner does not run hooks (${hooks.join(', ')}): they would run on its own machine`;
}

function findFeatureFlagProblem({ variables }: Job): string | undefined {
  for (const [name, reason] of Object.entries(hostileFlags)) {
    const value = variables[name] ?? '';
    // as Go reads a truth value; the runner takes none other for true
    if (/^(1|t|T|true|TRUE|True)$/.test(value)) return `this runner does not take ${name}: ${value}, as ${reason}`;
  }
  return undefined;
}

function findGitFlagProblem(job: Job): string | undefined {
  const clean = valuesOf(job, 'GIT_CLEAN_FLAGS').find((text) => !harmlessCleanFlags.test(text));
  if (clean !== undefined)
    return `GIT_CLEAN_FLAGS: wanted are options and names without quotes, variables and other signs of the shell, as git hands them to one; found ${JSON.stringify(clean)}`;
  for (const name of flagVariables)
    for (const text of valuesOf(job, name)) {
      const word = findUnsafeFlag(name, text);
      if (word !== undefined)
        return `${name}: expected some of ${safeFlagsText(name)}; got ${JSON.stringify(word)}, which may do more than fetch`;
    }
  return undefined;
}

/**
 * What GitLab has sent counts too: the runner reads some of these before it settles its flags, so that `$FF_…` stands for what the
 * job says there, and the driver is told of them as they are afterwards.
 */
function findQuotingProblem(job: Job): string | undefined {
  for (const name of quotedVariables) {
    const value = valuesOf(job, name).find((text) => activeSigns.test(text));
    if (value !== undefined)
      return `${name}: expected text without ", $, \`, \\ and line breaks, as a shell of the runner's machine reads it; got ${JSON.stringify(value)}`;
  }
  return undefined;
}

/** Where the project is, and beside it the runner's temporary folder. The folder above is the administrator's to name. */
function findFolderProblem(job: Job, settings: Settings): string | undefined {
  const { builds } = jobPaths(settings, job);
  const { GIT_CLONE_PATH: wanted = '', RUNNER_TEMP_PROJECT_DIR: real = '' } = job.variables;
  const found = [wanted, real]
    .map((path) => (path.startsWith(`${builds}/`) ? path.slice(builds.length) : path))
    .find((path) => !plainPath.test(path));
  if (found === undefined) return undefined;
  return `GIT_CLONE_PATH: expected letters, digits and . _ - / @ + , : = %, as a shell of the runner's machine reads it; got ${JSON.stringify(found)}`;
}

/** A name that is no identifier could be one variable for the driver and another for the runner. */
function findNameProblem({ variables, declared, secretNames }: Job): string | undefined {
  const names = [...declared.map(({ key }) => key), ...secretNames, ...Object.keys(variables)];
  const name = names.find((text) => !plainName.test(text));
  return name === undefined
    ? undefined
    : `variables and secrets: expected names of letters, digits and _; got ${JSON.stringify(name)}`;
}

function findFileProblem(job: Job): string | undefined {
  const { cacheKeys, artifactNames, wantsUntracked } = job;
  if (wantsUntracked)
    return 'this runner does not take untracked: true in artifacts and cache: git would look for the files on its own machine, by the configuration in .git, which the job may have changed. Name the files by paths instead';
  const key = cacheKeys.find((text) => /[$`]|(^|\/)\.\.(\/|$)/.test(text));
  if (key !== undefined)
    return `cache: expected a key without $, \` and .., as a shell of the runner's machine reads it; got ${JSON.stringify(key)}. Set cache:key, which is the job's name and its ref by default`;
  // as the runner reads a truth value here, which is another way than for its flags
  const isDescribed = valuesOf(job, 'RUNNER_GENERATE_ARTIFACTS_METADATA').some((text) => /^(t|true|\+?0*1)$/i.test(text));
  const name = isDescribed ? artifactNames.find((text) => /[$/]|\.\./.test(text)) : undefined;
  if (name !== undefined)
    return `artifacts:name: expected a name without /, $ and .. where RUNNER_GENERATE_ARTIFACTS_METADATA is on, as the runner writes a file with that name; got ${JSON.stringify(name)}`;
  return undefined;
}

/**
 * Sees that a job may use a container image.
 * @param own - images that need not be listed
 * @throws UsageError that says which there are
 */
export function assertImageIsAllowed(image: string, own: readonly string[], { images, file }: Settings): void {
  if (own.includes(image) || images.allow.some((allowed) => wildcard(allowed).test(image))) return;
  const list = [...own, ...images.allow].join(', ');
  throw new UsageError(
    `this runner does not run the image ${JSON.stringify(image)}; allowed are: ${list} (images.allow in ${file})`,
  );
}

function wildcard(text: string): RegExp {
  const source = text
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return new RegExp(`^${source}$`);
}

/**
 * Sees that the testbed that a job describes stays within what the administrator allows.
 * @param isOwn - whether the description is the administrator's own, but for variables
 * @throws UsageError with everything that is too much
 */
export function assertWithinLimits({ appliance, topology }: Config, isOwn: boolean, { limits, trustJobs, file }: Settings): void {
  const excess = [
    ...(appliance.memoryMiB > limits.memoryMiB ? [`appliance.memoryMiB: at most ${limits.memoryMiB}`] : []),
    ...(appliance.cpus > limits.cpus ? [`appliance.cpus: at most ${limits.cpus}`] : []),
    ...(topology.links > limits.links ? [`topology.links: at most ${limits.links}`] : []),
    ...(!isOwn && !trustJobs && appliance.qemuArgs.length > 0 ? ['appliance.qemuArgs: none'] : []),
  ];
  if (excess.length > 0)
    throw new UsageError(`this runner allows less than the job asks for (${file}):\n  ${excess.join('\n  ')}`);
}

/**
 * The file of a project that describes the testbed, links followed.
 * @param name - relative to the project
 * @throws UsageError when it is not there, lies elsewhere, or is a program
 */
export async function resolveTopologyFile(project: string, name: string): Promise<string> {
  if (!['.yaml', '.yml'].includes(extname(name)))
    throw new UsageError(`ALPY_TOPOLOGY: expected a YAML file of the project, got ${JSON.stringify(name)}`);
  const path = resolve(project, name);
  const real = await realpath(path).catch((cause: unknown) => {
    const reason = codeOf(cause) === 'ENOENT' ? `the project has no ${name}` : `${name} in the project cannot be read`;
    throw new UsageError(
      `no testbed is described: ${reason}. Set ALPY_APPLIANCE to one of the runner's appliances, or ALPY_TOPOLOGY to a file of the project`,
      { cause },
    );
  });
  if (!real.startsWith((await realpath(project)) + sep))
    throw new UsageError(`ALPY_TOPOLOGY: ${name} lies outside of the project`);
  return path;
}

/** The configuration without what is the administrator's to say. */
export function withRunnerSettings({ config }: LoadedConfig, { snapshotsMiB, alpyImages }: Settings): Config {
  return { ...config, images: alpyImages, snapshots: { maxMiB: snapshotsMiB } };
}
