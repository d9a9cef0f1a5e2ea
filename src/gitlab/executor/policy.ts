// SPDX-License-Identifier: GPL-3.0-or-later
import { realpath } from 'node:fs/promises';
import { extname, resolve, sep } from 'node:path';
import { codeOf, UsageError } from '../../core/errors.ts';
import type { Config, LoadedConfig } from '../../config/index.ts';
import type { Job } from './job.ts';
import type { Settings } from './settings.ts';

/** Variables that make the shell, the loader, git or a library of this machine run, load or write something. */
const hostileNames =
  /^(LD_.*|DYLD_.*|PATH|ENV|IFS|HOME|CDPATH|SHELLOPTS|BASHOPTS|BASH_.*|PS4|PROMPT_COMMAND|GCONV_PATH|LOCPATH|NLSPATH|GLIBC_TUNABLES|XDG_CONFIG_.*|SSH_(ASKPASS.*|SK_.*|PKCS11_.*|AUTH_SOCK)|OPENSSL_.*|SSLKEYLOGFILE|NODE_OPTIONS|PYTHON[A-Z].*|PERL(5.*|LIB)|PAGER|EDITOR|VISUAL|LESS(OPEN|CLOSE)|CPU_PROFILE|FF_ENABLE_JOB_CLEANUP)$/;

/**
 * Of those named GIT_… the only ones that are taken: GitLab's documentation has them for jobs, and all that they do stays in
 * the job's own folder. git heeds dozens of others, and new ones with each release.
 */
const harmlessGit =
  /^GIT_(STRATEGY|DEPTH|CHECKOUT|CLEAN_FLAGS|CLONE_PATH|LFS_SKIP_SMUDGE|SUBMODULE_(STRATEGY|DEPTH|PATHS|FORCE_HTTPS)|TERMINAL_PROMPT|SSL_(NO_VERIFY|CAINFO|CAPATH|CERT|KEY)|(AUTHOR|COMMITTER)_(NAME|EMAIL|DATE))$/;

/** The runner makes `git submodule foreach "git clean …"` of them, which is a line for a shell. */
const harmlessCleanFlags = /^[\w ./=*-]*$/;

function isHostile(name: string): boolean {
  return hostileNames.test(name) || (name.startsWith('GIT_') && !harmlessGit.test(name));
}

/**
 * Sees that a job asks for nothing that would run programs of its own on the runner's machine: git and the artifacts are
 * handled there, by scripts that set the job's variables.
 * @throws UsageError with what to take out
 */
export function seeHarmless(job: Job, { trustJobs, file }: Settings): void {
  if (trustJobs) return;
  const how = `An administrator who trusts all who may start a pipeline sets trustJobs in ${file}`;
  if (job.hooks.length > 0)
    throw new UsageError(`this runner does not run hooks (${job.hooks.join(', ')}): they would run on its own machine. ${how}`);
  const names = job.variableNames.filter(isHostile);
  if (names.length > 0)
    throw new UsageError(
      `this runner does not take the variable${names.length > 1 ? 's' : ''} ${names.join(', ')}, as programs of its own machine would heed them. Set them in the script instead. ${how}`,
    );
  const flags = job.cleanFlags.find((text) => !harmlessCleanFlags.test(text));
  if (flags !== undefined)
    throw new UsageError(
      `GIT_CLEAN_FLAGS: wanted are options and names without quotes, variables and other signs of the shell, as git hands them to one; found ${JSON.stringify(flags)}. ${how}`,
    );
  if (job.wantsUntracked)
    throw new UsageError(
      `this runner does not take untracked: true in artifacts and cache: git would look for the files on its own machine, by the configuration in .git, which the job may have changed. Name the files by paths instead. ${how}`,
    );
}

/**
 * Sees that a job may use a container image.
 * @param own - images that need not be listed
 * @throws UsageError that says which there are
 */
export function seeImageAllowed(image: string, own: readonly string[], { images, file }: Settings): void {
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
export function seeWithinLimits({ appliance, topology }: Config, isOwn: boolean, { limits, trustJobs, file }: Settings): void {
  const excess = [
    ...(appliance.memoryMiB > limits.memoryMiB ? [`appliance.memoryMiB: at most ${String(limits.memoryMiB)}`] : []),
    ...(appliance.cpus > limits.cpus ? [`appliance.cpus: at most ${String(limits.cpus)}`] : []),
    ...(topology.links > limits.links ? [`topology.links: at most ${String(limits.links)}`] : []),
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
export async function topologyFile(project: string, name: string): Promise<string> {
  if (!['.yaml', '.yml'].includes(extname(name)))
    throw new UsageError(`ALPY_TOPOLOGY: wanted a YAML file of the project, found ${JSON.stringify(name)}`);
  const path = resolve(project, name);
  const real = await realpath(path).catch((cause: unknown) => {
    const reason = codeOf(cause) === 'ENOENT' ? 'there is no such file' : 'it cannot be read';
    throw new UsageError(
      `no testbed is declared: ${name} in the project: ${reason}. Set ALPY_APPLIANCE to one of the runner's appliances, or ALPY_TOPOLOGY to a file`,
      { cause },
    );
  });
  if (!real.startsWith((await realpath(project)) + sep))
    throw new UsageError(`ALPY_TOPOLOGY: ${name} lies outside of the project`);
  return path;
}

/** The configuration without what is the administrator's to say. */
export function ownParts({ config }: LoadedConfig, { snapshotsMiB, alpyImages }: Settings): Config {
  return { ...config, images: alpyImages, snapshots: { maxMiB: snapshotsMiB } };
}
