// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionFiles } from '../../../session/index.ts';
import { readMark } from '../mark.ts';
import { jobPaths } from '../paths.ts';
import type { DriverContext } from '../driver-context.ts';
import type { Settings } from '../settings.ts';

/** In the folder of a job's session: a script was stopped, so that perhaps no artifacts follow. */
const interruptedFile = 'interrupted';
/** The same: the files of the testbed are among those of the project. */
export const collectedFile = 'collected';

/** How near its time-out a job has to be for a script's end to be taken for that, in `ms`: its time runs before the driver knows. */
const toleranceMs = 10_000;

/** Where the files of a job's testbed stay whose artifacts GitLab Runner does not upload. Pure. */
export function keptFolder({ root }: Pick<Settings, 'root'>, key: string): string {
  return join(root, 'kept', key);
}

/**
 * Notes that a script of a job was stopped.
 * @returns what is to be said of it: something when the time of the job is over, as no artifacts follow then
 */
export async function recordInterruption({ settings, job }: DriverContext): Promise<string | undefined> {
  const { session } = jobPaths(settings, job);
  if (!existsSync(join(session, sessionFiles.testbed))) return undefined;
  await writeFile(join(session, interruptedFile), '');
  const startedMs = (await readMark(session))?.startedMs ?? Date.now();
  if (Date.now() - startedMs + toleranceMs < job.timeoutMs) return undefined;
  const where =
    settings.keptMiB === 0
      ? ''
      : ` Captures and logs are then kept on the runner's machine, in ${keptFolder(settings, job.key)}.`;
  return `the job's time of ${job.timeoutMs / 1000} s is over: GitLab Runner runs no after_script and uploads no artifacts after that.${where} To get them as artifacts, set the variable RUNNER_SCRIPT_TIMEOUT to less than the job's timeout`;
}

/**
 * Keeps the files of a testbed whose scripts were stopped and whose artifacts were not uploaded. The oldest of other jobs go
 * when there is too much.
 */
export async function keepFiles({ settings, job }: DriverContext): Promise<void> {
  const { session } = jobPaths(settings, job);
  const isWanted = existsSync(join(session, interruptedFile)) && !existsSync(join(session, collectedFile));
  if (!isWanted || settings.keptMiB === 0) return;
  const parent = join(settings.root, 'kept');
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await rm(keptFolder(settings, job.key), { recursive: true, force: true });
  await rename(join(session, sessionFiles.testbed), keptFolder(settings, job.key));
  await shrink(parent, settings.keptMiB * 1024 ** 2);
}

/** Removes what was kept longest ago until the rest is no more than `maxBytes`. */
async function shrink(parent: string, maxBytes: number): Promise<void> {
  const kept = await Promise.all(
    (await readdir(parent)).map(async (name) => {
      const folder = join(parent, name);
      return { folder, bytes: await sizeOf(folder), changedMs: (await lstat(folder)).mtimeMs };
    }),
  );
  let total = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { folder, bytes } of kept.sort((a, b) => a.changedMs - b.changedMs)) {
    if (total <= maxBytes) return;
    await rm(folder, { recursive: true, force: true });
    total -= bytes;
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.map(async ({ parentPath, name }) => (await lstat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
