// SPDX-License-Identifier: GPL-3.0-or-later
// Once a script of a job has begun, all below its folder of builds may be what the job made of it. Before the runner's own
// scripts go on there, nothing of the job may run any more, and nothing may be left that they would heed, follow or wait for.
import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { EnvironmentError, messageOf } from '../../../core/errors.ts';
import { Engine, removeLeftovers } from '../../../docker/index.ts';
import { removeLinksScript, removalMessages } from './symlinks.ts';
import { jobPaths, projectDirectory, runIdOf, scriptExports, sanitizePaths } from '../paths.ts';
import type { DriverContext, StageIo } from '../driver-context.ts';
import { runFileScript } from './file-script.ts';

/**
 * For `sh`; `$1` is the folder of builds, `$2` that of the project, `$3` the runner's temporary one. In this order: real folders
 * lead to the project; special files go; no program keeps the right to run as its owner (the files lie on this machine); links
 * that lead out go; the temporary folder becomes what it was.
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
 * Keeps a copy of the runner's temporary folder, out of the job's reach, as it is the first time; afterwards does nothing. To be
 * called before anything of the job can write to it: archives of caches and artifacts may, and scripts. What scripts export for
 * later ones is not among it.
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

/** Notes that a script of the job begins; see {@link haveScriptsBegun}. @throws EnvironmentError when that cannot be noted */
export async function recordScriptsBegun({ settings, job }: DriverContext): Promise<void> {
  const { begun } = sanitizePaths(settings, job);
  await writeFile(begun, '').catch((cause: unknown) => {
    throw new EnvironmentError(`cannot write ${begun}: ${messageOf(cause)}`, { cause });
  });
}

/**
 * Ends what is left of the job's containers and makes its folder of builds safe for the runner's own scripts, once.
 * @throws EnvironmentError when it cannot be done: none of them may run then
 */
export async function sanitizeBuilds(context: DriverContext, { log, signal }: StageIo): Promise<void> {
  const { settings, job } = context;
  const { builds } = jobPaths(settings, job);
  const { pristine, sealed } = sanitizePaths(settings, job);
  if (settings.trustJobs || existsSync(sealed)) return;
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
  const printed = await runFileScript(context, { script, args, mounts, what: `make ${builds} safe for this machine` }, signal);
  for (const line of removalMessages(printed)) log(line);
  await writeFile(sealed, '');
}
