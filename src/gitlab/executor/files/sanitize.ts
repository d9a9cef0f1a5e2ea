// SPDX-License-Identifier: GPL-3.0-or-later
// Once a script of a job has begun or archives were unpacked, anything below the job's folder of builds may be the work of a job.
// Before the runner's own scripts continue there, no process of the job may be left, and no file that they would execute, follow or
// wait for.
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { EnvironmentError, messageOf } from '../../../core/errors.ts';
import { Engine, removeLeftovers } from '../../../docker/index.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { jobPaths, projectDirectory, runIdOf, sanitizePaths, scriptExports } from '../paths.ts';
import { runFileScript } from './file-script.ts';
import { removalMessages, removeLinksScript } from './symlinks.ts';

/**
 * For `sh`; `$1` is the folder of builds, `$2` the project, `$3` the runner's temporary folder. In this order: makes the path to the
 * project of real folders; removes special files; drops setuid and setgid bits, because the files lie on this machine; removes
 * links that lead out of the project; restores the temporary folder. No file has capabilities: no container of a job gets SETFCAP,
 * without which the kernel does not set them.
 */
const script = `
owned() { chown --reference=/alpy/pristine -- "$1"; chmod u+rwx -- "$1"; }
path=$1; owned "$path"
rest=\${2#"$1"/}
while [ -n "$rest" ]; do
  part=\${rest%%/*}
  case $rest in */*) rest=\${rest#*/};; *) rest=;; esac
  path=$path/$part
  if [ -L "$path" ] || { [ -e "$path" ] && [ ! -d "$path" ]; }; then rm -f -- "$path"; printf 'inTheWay\\0%s\\0' "$path"; fi
  [ -d "$path" ] || mkdir -- "$path"
  owned "$path"
done
rm -rf -- "$3"
find "$1" ! -type d ! -type f ! -type l -printf 'special\\0%p\\0' -delete
find "$1" -type f -perm /6000 -exec chmod ug-s {} +
${removeLinksScript}cp -a /alpy/pristine "$3"
`;

/** Whether a script of the job has begun. */
export function haveScriptsBegun({ settings, job }: DriverContext): boolean {
  return existsSync(sanitizePaths(settings, job).begun);
}

/**
 * Copies the runner's temporary folder to where the job cannot reach it. Only the first call does that; later ones do nothing. Call
 * it before scripts run and before caches and artifacts are unpacked, because both may write to that folder. The file with the
 * variables that scripts export is left out.
 * @throws EnvironmentError when it cannot be copied
 */
export async function savePristine(context: DriverContext): Promise<void> {
  const { pristine } = sanitizePaths(context.settings, context.job);
  if (existsSync(pristine)) return;
  const temporary = `${projectDirectory(context)}.tmp`;
  const draft = `${pristine}.part`;
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { mode: 0o700 });
    if (existsSync(temporary))
      await cp(temporary, draft, { recursive: true, filter: (path) => basename(path) !== scriptExports });
    await rename(draft, pristine);
  } catch (cause) {
    throw new EnvironmentError(`cannot keep a copy of ${temporary}: ${messageOf(cause)}`, { cause });
  }
}

/** Records that a script of the job begins; see {@link haveScriptsBegun}. @throws EnvironmentError when the file cannot be written */
export async function recordScriptsBegun({ settings, job }: DriverContext): Promise<void> {
  await createMarker(sanitizePaths(settings, job).begun);
}

/** Whether a cache or artifacts may have been unpacked, with files that other jobs packed. */
export function haveArchivesArrived({ settings, job }: DriverContext): boolean {
  return existsSync(sanitizePaths(settings, job).unpacked);
}

/**
 * Whether a container of the job may have written below its folder of builds. Such a container may still run, and could redirect
 * what is done there by planting links.
 */
export function mayBeTampered(...args: Parameters<typeof jobPaths>): boolean {
  const { begun, unpacked } = sanitizePaths(...args);
  return existsSync(begun) || existsSync(unpacked);
}

/** Records that archives are unpacked; see {@link haveArchivesArrived}. @throws EnvironmentError when the file cannot be written */
export async function recordArchives({ settings, job }: DriverContext): Promise<void> {
  await createMarker(sanitizePaths(settings, job).unpacked);
}

async function createMarker(file: string): Promise<void> {
  await writeFile(file, '').catch((cause: unknown) => {
    throw new EnvironmentError(`cannot write ${file}: ${messageOf(cause)}`, { cause });
  });
}

/**
 * Ends all containers of the job and makes its folder of builds safe for the runner's own scripts. Only the first call does that.
 * @throws EnvironmentError when that fails; then none of these scripts may run
 */
export async function sanitizeBuilds(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { settings, job } = context;
  const { builds } = jobPaths(settings, job);
  const { pristine, sanitized } = sanitizePaths(settings, job);
  if (settings.trustJobs || existsSync(sanitized)) return;
  {
    using engine = await Engine.connect({ jobId: String(job.id) });
    await removeLeftovers(engine, runIdOf(job), signal);
  }
  const project = projectDirectory(context);
  const mounts = [
    { source: builds, target: builds, readOnly: false },
    { source: pristine, target: '/alpy/pristine', readOnly: true },
  ];
  const args = [builds, project, `${project}.tmp`];
  const output = await runFileScript(context, { script, args, mounts, what: `make ${builds} safe for this machine` }, signal);
  for (const line of removalMessages(output)) log(line);
  await writeFile(sanitized, '');
}
