// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { codeOf, EnvironmentError, messageOf } from '../../core/errors.ts';
import { Lifetime } from '../../core/lifetime.ts';
import { Engine, removeLeftovers } from '../../docker/index.ts';
import { stopSession } from '../../session/index.ts';
import { emptyFolder } from './collect.ts';
import { keepFiles } from './kept.ts';
import { jobPaths, runIdOf, sealPaths } from './paths.ts';
import type { DriverContext } from './plan.ts';
import type { ToolPlace } from './tool.ts';

/**
 * Ends what is left of a job and removes its folders, whatever state it is in, but for captures and logs that it may want;
 * nothing is done when nothing is left. One that fails does not keep the others from being tried.
 * @throws CleanupError with all that could not be removed
 */
export async function cleanUpJob(context: DriverContext, signal: AbortSignal): Promise<void> {
  const { settings, job } = context;
  const { session, builds } = jobPaths(settings, job);
  let mayBeWritten = existsSync(sealPaths(settings, job).begun);
  await using lifetime = new Lifetime(); // last made first
  lifetime.defer(session, () => removeFolder(context, session, signal));
  lifetime.defer(builds, async () => {
    // a script that still runs could put links in the way of who removes the folder
    if (mayBeWritten) throw new EnvironmentError(`${builds} stays, as scripts of the job may still write to it`);
    await removeFolder(context, builds, signal);
  });
  lifetime.defer('captures and logs', () => keepFiles(context));
  lifetime.defer('containers', async () => {
    using engine = await Engine.connect({ jobId: String(job.id) });
    await removeLeftovers(engine, runIdOf(job), signal);
    mayBeWritten = false;
  });
  lifetime.defer('testbed', async () => {
    await stopSession(session, signal);
  });
}

/** Files made in containers, by their root; and folders in folders, too deep for a path. */
const beyondUs = ['EACCES', 'EPERM', 'ENAMETOOLONG'];

/**
 * Removes a folder of a job's, also what containers have made in it.
 * @throws EnvironmentError when it cannot be emptied
 */
export async function removeFolder(context: ToolPlace, folder: string, signal: AbortSignal): Promise<void> {
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await remove();
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') return; // there can be no such folder
    if (!beyondUs.includes(codeOf(error) ?? '')) throw new Error(messageOf(error), { cause: error });
    await emptyFolder(context, folder, signal);
    await remove();
  }
}
