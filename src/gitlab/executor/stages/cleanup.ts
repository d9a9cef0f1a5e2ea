// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { EnvironmentError } from '../../../core/errors.ts';
import { Lifetime } from '../../../core/lifetime.ts';
import { Engine, removeLeftovers } from '../../../docker/index.ts';
import { stopSession } from '../../../session/index.ts';
import { keepFiles } from '../files/keep.ts';
import { removeFolder } from '../files/remove-folder.ts';
import { jobPaths, runIdOf, sanitizePaths } from '../paths.ts';
import type { DriverContext } from '../driver-context.ts';

/**
 * Ends what is left of a job and removes its folders, whatever state it is in, but for captures and logs that it may want;
 * nothing is done when nothing is left. One that fails does not keep the others from being tried.
 * @throws CleanupError with all that could not be removed
 */
export async function cleanUpJob(context: DriverContext, signal: AbortSignal): Promise<void> {
  const { settings, job } = context;
  const { session, builds } = jobPaths(settings, job);
  let mayBeWritten = existsSync(sanitizePaths(settings, job).begun);
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
