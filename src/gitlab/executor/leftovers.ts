// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readlink, rename, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { Engine, removeLeftovers } from '../../docker/index.ts';
import { isSessionUp } from '../../session/index.ts';
import { removeFolder } from './files/remove-folder.ts';
import { readJob, type Job } from './job.ts';
import { mayRun, readMark } from './mark.ts';
import { jobPaths, runIdOf, sanitizePaths } from './paths.ts';
import type { FileScriptContext } from './files/file-script.ts';

/** How folders of jobs are called; see `Job.key`. */
const keyPattern = /^(\d+)-[0-9a-f]{8}$/;
/** How one is called while it is being removed. */
const deadPrefix = '.dead-';

/**
 * Removes the folders of jobs that do not run any more, such as after a crash of the machine. Those of jobs that may still run
 * stay: whose keeper answers, or whose runner lives.
 * @param own - the job that asks, if one does
 * @returns the keys of the jobs whose folders were removed
 * @throws Error of the file system, or EnvironmentError, when a folder cannot be removed, or a container that may write to it
 */
export async function removeDeadJobs(
  { settings, env }: Pick<FileScriptContext, 'settings' | 'env'>,
  signal: AbortSignal,
  own?: string,
): Promise<readonly string[]> {
  const parents = [join(settings.root, 'builds'), join(settings.root, 'jobs')]; // the mark goes last
  const names = new Set((await Promise.all(parents.map(namesIn))).flat());
  const removed: string[] = [];
  for (const key of names) {
    const id = Number(keyPattern.exec(key)?.[1]);
    if (key === own || !Number.isSafeInteger(id)) continue;
    const { session, builds } = jobPaths(settings, { key, projectId: 0 });
    if (await isLive(session, builds)) continue;
    // whose image is the job's choice, so that it need not end with its keeper, and could put links in the way of who removes
    if (existsSync(sanitizePaths(settings, { key, projectId: 0 }).begun)) await removeContainers({ key, id }, signal);
    const temporary = (await readMark(session))?.temporary ?? '';
    if (temporary !== '') await removeTemporary(temporary, key);
    for (const folder of parents) await setAside(folder, key);
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
  const mark = await readMark(session);
  if (mark) return mayRun(mark);
  return isInUse(builds); // of an alpy that wrote no marks
}

/** Whether a process works in a folder, as those of the runner's own scripts do. */
async function isInUse(folder: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => ''))); // ended, or another's
  return places.some((place) => place === folder || place.startsWith(folder + sep));
}

/** Gives a folder a name that no job has: two that remove it at once do not meet. */
async function setAside(parent: string, key: string): Promise<void> {
  const name = `${deadPrefix}${key}.${randomBytes(4).toString('hex')}`;
  await rename(join(parent, key), join(parent, name)).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error; // it has none, or another was faster
  });
}

/** Removes the runner's folder for a job, which holds the job's token, if it is that job's. */
async function removeTemporary(folder: string, key: string): Promise<void> {
  const job = await readJob({ JOB_RESPONSE_FILE: join(folder, 'response.json') }).catch(() => undefined); // gone, or not seen here
  if (job?.key === key) await rm(folder, { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return [];
    throw error;
  });
}
