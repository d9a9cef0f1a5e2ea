// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../core/deadline.ts';
import { ContainerTimeoutError, removeOfDead, removeOwn, type Engine } from '../docker/index.ts';
import { errorReports, type ErrorReport } from '../report/index.ts';

/** How long the daemon may take to remove leftovers, in `ms`; the second applies if the run was stopped. */
const [removeTimeoutMs, hurriedTimeoutMs] = [30_000, 5000];
/** The same for leftovers of dead runs, in `ms`. */
const othersTimeoutMs = 5000;
/**
 * When to look a second time after a stopped run, or if a worker did not end what it had started, in `ms`. A container may just have
 * been requested, and no event says that the daemon has dropped such a request, so this is an estimate.
 */
const secondLookMs = 700;

/** How a run ended. */
export interface RunEnd {
  /** whether it was stopped */
  readonly isHurried: boolean;
  /** whether all workers have ended what they started */
  readonly areWorkersClosed: boolean;
}

/**
 * Removes the containers that dead workers of this run left behind. They end without help, but some time after the worker. If the
 * run was not stopped, also removes leftovers of dead runs; a failure of that is not reported.
 * @returns why it was not possible
 */
export async function removeRunLeftovers(
  engine: Engine,
  { isHurried, areWorkersClosed }: RunEnd,
): Promise<readonly ErrorReport[]> {
  const timeoutMs = isHurried ? hurriedTimeoutMs : removeTimeoutMs;
  try {
    await withDeadline(
      { timeoutMs },
      (cause) =>
        new ContainerTimeoutError('Docker', 'the containers of this run to be removed', timeoutMs, {
          cause,
          advice: 'Run alpy clean when the daemon answers',
        }),
      async (signal) => {
        await removeOwn(engine, signal);
        if (areWorkersClosed && !isHurried) return;
        await sleep(secondLookMs, undefined, { signal });
        await removeOwn(engine, signal);
      },
    );
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return errorReports(error);
  }
  // the next run tries again
  if (!isHurried) await removeOfDead(engine, undefined, AbortSignal.timeout(othersTimeoutMs)).catch(() => undefined);
  return [];
}
