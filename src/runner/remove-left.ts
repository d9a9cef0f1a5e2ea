// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../core/deadline.ts';
import { ContainerTimeoutError, removeOfDead, removeOwn, type Engine } from '../docker/index.ts';
import { errorReports, type ErrorReport } from '../report/index.ts';

/** How long the daemon may take to remove what is left, in `ms`; the second when somebody waits for the end. */
const [removeTimeoutMs, hurriedTimeoutMs] = [30_000, 5000];
/** The same for what dead runs left, in `ms`. */
const othersTimeoutMs = 5000;
/** When to look once more after a run that was stopped, in `ms`: a worker that was killed may just have asked for a container. */
const secondLookMs = 700;

/**
 * Removes what a worker left that died, or that was only begun: each ends by itself, but some time after the worker. If nobody
 * waits for the end, also what dead runs left; that this fails says nothing about this run.
 * @param isHurried - whether the run was stopped
 * @returns why that was not possible
 */
export async function removeLeft(engine: Engine, isHurried: boolean): Promise<readonly ErrorReport[]> {
  const timeoutMs = isHurried ? hurriedTimeoutMs : removeTimeoutMs;
  try {
    await withDeadline(
      { timeoutMs },
      (cause) =>
        new ContainerTimeoutError(
          `what is left of the run is not removed after ${timeoutMs} ms: run alpy clean when the daemon answers`,
          { cause },
        ),
      async (signal) => {
        await removeOwn(engine, signal);
        if (!isHurried) return;
        await sleep(secondLookMs, undefined, { signal });
        await removeOwn(engine, signal);
      },
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return errorReports(error);
  }
  // the next run tries again
  if (!isHurried) await removeOfDead(engine, AbortSignal.timeout(othersTimeoutMs)).catch(() => undefined);
  return [];
}
