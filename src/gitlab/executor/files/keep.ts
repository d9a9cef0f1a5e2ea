// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sessionFiles } from '../../../session/index.ts';
import type { DriverContext } from '../driver-context.ts';
import { readOwner } from '../job-owner.ts';
import { jobPaths } from '../paths.ts';
import type { Settings } from '../settings.ts';

/** In the folder of a job's session: exists if a script was cancelled, after which the runner may upload no artifacts. */
const interruptedFile = 'interrupted';
/** In the same folder: exists if the testbed's files were copied into the project. */
export const collectedFile = 'collected';

/**
 * How long before its timeout a cancelled job counts as timed out, in `ms`. The runner's clock starts before the driver is called.
 */
const toleranceMs = 10_000;

/** Where the testbed's files of a job are kept if GitLab Runner does not upload its artifacts. Pure. */
export function keptFolder({ root }: Pick<Settings, 'root'>, key: string): string {
  return join(root, 'kept', key);
}

/**
 * Records that a script of the job was cancelled.
 * @returns a message for the job's log if the job timed out, because GitLab Runner then uploads no artifacts; else `undefined`
 */
export async function recordInterruption({ settings, job }: DriverContext): Promise<string | undefined> {
  const { session } = jobPaths(settings, job);
  if (!existsSync(join(session, sessionFiles.testbed))) return undefined;
  await writeFile(join(session, interruptedFile), '');
  const startedMs = (await readOwner(session))?.startedMs ?? Date.now();
  if (Date.now() - startedMs + toleranceMs < job.timeoutMs) return undefined;
  const where =
    settings.keptMiB === 0 ? '' : ` Captures and logs will be kept on the runner's machine, in ${keptFolder(settings, job.key)}.`;
  return `the job reached its timeout of ${job.timeoutMs / 1000} s, after which GitLab Runner runs no after_script and uploads no artifacts.${where} To get them as artifacts, set the variable RUNNER_SCRIPT_TIMEOUT to less than the job's timeout`;
}

/**
 * Keeps the testbed's files if a script was cancelled and they were not copied into the project. Removes the oldest kept files of
 * other jobs if all together exceed `keptMiB`.
 */
export async function keepFiles({ settings, job }: DriverContext): Promise<void> {
  const { session } = jobPaths(settings, job);
  const isNeeded = existsSync(join(session, interruptedFile)) && !existsSync(join(session, collectedFile));
  if (!isNeeded || settings.keptMiB === 0) return;
  const parent = join(settings.root, 'kept');
  await mkdir(parent, { recursive: true, mode: 0o700 });
  await rm(keptFolder(settings, job.key), { recursive: true, force: true });
  await rename(join(session, sessionFiles.testbed), keptFolder(settings, job.key));
  await shrink(parent, settings.keptMiB * 1024 ** 2);
}

/** Removes the folders that changed longest ago until the rest takes at most `maxBytes`. */
async function shrink(parent: string, maxBytes: number): Promise<void> {
  const folders = await Promise.all(
    (await readdir(parent)).map(async (name) => {
      const folder = join(parent, name);
      return { folder, bytes: await sizeOf(folder), changedMs: (await lstat(folder)).mtimeMs };
    }),
  );
  let total = folders.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { folder, bytes } of folders.sort((a, b) => a.changedMs - b.changedMs)) {
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
