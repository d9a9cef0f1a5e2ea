// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError } from '../../../core/errors.ts';
import { Lifetime } from '../../../core/lifetime.ts';
import { Engine, removeLeftovers } from '../../../docker/index.ts';
import { stopSession } from '../../../session/index.ts';
import type { DriverContext } from '../driver-context.ts';
import { keepFiles } from '../files/keep.ts';
import { removeFolder } from '../files/remove-folder.ts';
import { mayBeTampered } from '../files/sanitize.ts';
import { jobPaths, runIdOf } from '../paths.ts';

/**
 * Ends everything that a job left running and removes its folders, whatever state they are in. Captures and logs that the job could
 * not upload are kept. Does nothing if nothing is left. All steps are tried, even if one fails.
 * @throws CleanupError with everything that could not be removed
 */
export async function cleanUpJob(context: DriverContext, signal: AbortSignal): Promise<void> {
  const { settings, job } = context;
  const { session, builds } = jobPaths(settings, job);
  let mayBeWritten = mayBeTampered(settings, job);
  await using lifetime = new Lifetime(); // runs in reverse order: the testbed ends first
  lifetime.defer(session, () => removeFolder(context, session, signal));
  lifetime.defer(builds, async () => {
    // a script that still runs could plant links that would redirect the removal
    if (mayBeWritten) throw new EnvironmentError(`${builds} was not removed: scripts of the job may still write to it`);
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
