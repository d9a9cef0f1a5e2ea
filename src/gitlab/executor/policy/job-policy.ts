// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../../core/errors.ts';
import { valuesOf, type Job } from '../job.ts';
import { jobPaths } from '../paths.ts';
import type { Settings } from '../settings.ts';
import { findUnsafeFlag, flagVariables, safeFlagsText } from './git-flags.ts';

/** Feature flags that would let the job control the runner's scripts on this machine, with the reason. */
const unsafeFeatureFlags: Readonly<Record<string, string>> = {
  FF_ENABLE_JOB_CLEANUP: 'git would clean up with the settings in .git, which the job may have changed',
  FF_POSIXLY_CORRECT_ESCAPES: 'values of variables could then end a command and start another',
  FF_CLEAN_UP_FAILED_CACHE_EXTRACT: 'it would delete whatever cache:paths names, wherever that is',
};

/** The runner passes these flags to `git submodule foreach "git clean …"`, which a shell reads. */
const safeCleanFlags = /^[\w ./=*-]*$/;

/** Variables whose values the runner puts into double quotes of its scripts, where a shell expands some characters. */
const quotedVariables = [
  ...['GIT_SUBMODULE_PATHS', 'CI_PROJECT_PATH', 'CI_SERVER_HOST'],
  ...['CI_SERVER_SHELL_SSH_HOST', 'CI_SERVER_SHELL_SSH_PORT'],
];

/** A path that the runner also puts into its scripts without quotes: a shell takes each of these characters literally. */
const plainPath = /^[\p{L}\p{N}\w./@+,:=%-]*$/u;

/** The name of a shell variable. The runner puts names into double quotes, and `NAME=VALUE` into one word. */
const plainName = /^[A-Za-z_]\w*$/;

/** Characters that a shell interprets within double quotes. */
const activeCharacters = /["$`\\\n]/;

/**
 * Asserts that a job cannot run its own programs on the runner's machine: the runner's scripts handle git and artifacts there, and
 * are built from what the job says. Variables may have any name; those that programs there would react to do not reach them.
 * @throws UsageError that says what to remove
 */
export function assertJobIsSafe(job: Job, settings: Settings): void {
  const { trustJobs, file } = settings;
  if (trustJobs) return;
  const checks = [
    ...[findNameProblem, findHookProblem, findFeatureFlagProblem, findGitFlagProblem],
    ...[findQuotingProblem, findFolderProblem, findFileProblem],
  ];
  const problem = checks.map((check) => check(job, settings)).find((text) => text !== undefined);
  if (problem !== undefined)
    throw new UsageError(
      `${problem}. An administrator who trusts everybody who can start a pipeline can allow it with trustJobs in ${file}`,
    );
}

function findHookProblem({ hooks }: Job): string | undefined {
  if (hooks.length === 0) return undefined;
  return `this runner does not run hooks (${hooks.join(', ')}), because they would run on its own machine`;
}

function findFeatureFlagProblem({ variables }: Job): string | undefined {
  for (const [name, reason] of Object.entries(unsafeFeatureFlags)) {
    const value = variables[name] ?? '';
    // the values that Go's strconv.ParseBool takes for true, as the runner does
    if (/^(1|t|T|true|TRUE|True)$/.test(value)) return `this runner refuses ${name}: ${value}, because ${reason}`;
  }
  return undefined;
}

function findGitFlagProblem(job: Job): string | undefined {
  const clean = valuesOf(job, 'GIT_CLEAN_FLAGS').find((text) => !safeCleanFlags.test(text));
  if (clean !== undefined)
    return `GIT_CLEAN_FLAGS: expected options and names without quotes, variables and other characters of a shell, because git passes them to one; got ${JSON.stringify(clean)}`;
  for (const name of flagVariables)
    for (const text of valuesOf(job, name)) {
      const flag = findUnsafeFlag(name, text);
      if (flag !== undefined)
        return `${name}: expected some of ${safeFlagsText(name)}; got ${JSON.stringify(flag)}, which may do more than fetch`;
    }
  return undefined;
}

/**
 * Also checks the values that GitLab sent: the runner expands some of these variables before it resolves its feature flags, so
 * `$FF_…` still stands for the job's text there, while the driver gets the resolved flag.
 */
function findQuotingProblem(job: Job): string | undefined {
  for (const name of quotedVariables) {
    const value = valuesOf(job, name).find((text) => activeCharacters.test(text));
    if (value !== undefined)
      return `${name}: expected text without ", $, \`, \\ and line breaks, because a shell on the runner's machine reads it; got ${JSON.stringify(value)}`;
  }
  return undefined;
}

/** Checks the folder of the project, and the runner's temporary folder next to it. The administrator names the parent folder. */
function findFolderProblem(job: Job, settings: Settings): string | undefined {
  const { builds } = jobPaths(settings, job);
  const { GIT_CLONE_PATH: requested = '', RUNNER_TEMP_PROJECT_DIR: actual = '' } = job.variables;
  const found = [requested, actual]
    .map((path) => (path.startsWith(`${builds}/`) ? path.slice(builds.length) : path))
    .find((path) => !plainPath.test(path));
  if (found === undefined) return undefined;
  return `GIT_CLONE_PATH: expected letters, digits and . _ - / @ + , : = %, because a shell on the runner's machine reads it; got ${JSON.stringify(found)}`;
}

/** A name that is no identifier could mean one variable to the driver and another to the runner. */
function findNameProblem({ variables, rawVariables, secretNames }: Job): string | undefined {
  const names = [...rawVariables.map(({ key }) => key), ...secretNames, ...Object.keys(variables)];
  const name = names.find((text) => !plainName.test(text));
  return name === undefined
    ? undefined
    : `variables and secrets: expected names of letters, digits and _; got ${JSON.stringify(name)}`;
}

function findFileProblem(job: Job): string | undefined {
  const { cacheKeys, artifactNames, wantsUntracked } = job;
  if (wantsUntracked)
    return 'this runner refuses untracked: true in artifacts and cache, because git would look for the files on its own machine, with the configuration in .git, which the job may have changed. Name the files by paths instead';
  const key = cacheKeys.find((text) => /[$`]|(^|\/)\.\.(\/|$)/.test(text));
  if (key !== undefined)
    return `cache: expected a key without $, \` and .., because a shell on the runner's machine reads it; got ${JSON.stringify(key)}. Set cache:key; its default is the name of the job and of its ref`;
  // here the runner accepts other texts as true than for its feature flags
  const hasMetadata = valuesOf(job, 'RUNNER_GENERATE_ARTIFACTS_METADATA').some((text) => /^(t|true|\+?0*1)$/i.test(text));
  const name = hasMetadata ? artifactNames.find((text) => /[$/]|\.\./.test(text)) : undefined;
  if (name !== undefined)
    return `artifacts:name: expected a name without /, $ and .. if RUNNER_GENERATE_ARTIFACTS_METADATA is on, because the runner writes a file with that name; got ${JSON.stringify(name)}`;
  return undefined;
}
