// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { readdir, readlink, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { Engine, removeLeftovers } from '../../docker/index.ts';
import { isSessionUp } from '../../session/index.ts';
import { removeFolder } from './files/remove-folder.ts';
import { mayBeTampered } from './files/sanitize.ts';
import { readJob, type Job } from './job.ts';
import { mayStillRun, readOwner } from './job-owner.ts';
import { jobPaths, runIdOf } from './paths.ts';
import type { FileScriptContext } from './files/file-script.ts';

/** Names of the folders of jobs; see `Job.key`. */
const keyPattern = /^(\d+)-[0-9a-f]{8}$/;
/** Start of a folder's name while it is being removed. */
const deadPrefix = '.dead-';

/**
 * Removes the folders of jobs that were not cleaned up, for example because the machine crashed. Folders of jobs that may still run
 * stay: the keeper answers, or the runner's process is alive.
 * @param own - key of the job that calls this, which stays too
 * @returns the keys of the jobs whose folders were removed
 * @throws EnvironmentError or an error of the file system when a folder, or a container that may write to it, cannot be removed
 */
export async function removeDeadJobs(
  { settings, env }: Pick<FileScriptContext, 'settings' | 'env'>,
  signal: AbortSignal,
  own?: string,
): Promise<readonly string[]> {
  const parents = [join(settings.root, 'builds'), join(settings.root, 'jobs')]; // the owner file goes last
  const names = new Set((await Promise.all(parents.map(namesIn))).flat());
  const removed: string[] = [];
  for (const key of names) {
    const id = Number(keyPattern.exec(key)?.[1]);
    if (key === own || !Number.isSafeInteger(id)) continue;
    const { session, builds } = jobPaths(settings, { key, projectId: 0 });
    if (await isLive(session, builds)) continue;
    // a container of the job may outlive its keeper, because the job chose its image, and could plant links that redirect the removal
    if (mayBeTampered(settings, { key, projectId: 0 })) await removeContainers({ key, id }, signal);
    const temporary = (await readOwner(session))?.temporary ?? '';
    if (temporary !== '') await removeTemporary(temporary, key);
    for (const folder of parents) await renameAside(folder, key);
    removed.push(key);
  }
  for (const parent of parents)
    for (const name of await namesIn(parent))
      if (name.startsWith(deadPrefix)) {
        const [key = ''] = name.slice(deadPrefix.length).split('.');
        const place = { settings, env, job: { key, id: Number.parseInt(key) } };
        await removeFolder(place, join(parent, name), signal);
      }
  return removed;
}

async function removeContainers(job: Pick<Job, 'key' | 'id'>, signal: AbortSignal): Promise<void> {
  using engine = await Engine.connect({ jobId: String(job.id) });
  await removeLeftovers(engine, runIdOf(job), signal);
}

async function isLive(session: string, builds: string): Promise<boolean> {
  if (await isSessionUp(session)) return true;
  const owner = await readOwner(session);
  if (owner) return mayStillRun(owner);
  return isInUse(builds); // an older alpy prepared it, which wrote no owner
}

/** Whether a process has a folder as its working directory, as the runner's own scripts do. */
async function isInUse(folder: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => ''))); // it has ended, or belongs to another user
  return places.some((place) => place === folder || place.startsWith(folder + sep));
}

/** Renames a folder to a name that no job has, so that two processes cannot remove it at the same time. */
async function renameAside(parent: string, key: string): Promise<void> {
  const name = `${deadPrefix}${key}.${randomBytes(4).toString('hex')}`;
  await rename(join(parent, key), join(parent, name)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error; // the job has no such folder, or another process was faster
  });
}

/** Removes the runner's temporary folder of a job, which contains the job's token, if it belongs to that job. */
async function removeTemporary(folder: string, key: string): Promise<void> {
  const job = await readJob({ JOB_RESPONSE_FILE: join(folder, 'response.json') }).catch(() => undefined); // it is gone, or on another machine
  if (job?.key === key) await rm(folder, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  });
}
