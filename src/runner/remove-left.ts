// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline } from '../core/deadline.ts';
import { ContainerTimeoutError, removeLeftovers, type Engine } from '../docker/index.ts';
import { errorReports, type ErrorReport } from '../report/index.ts';

/** How long the daemon may take to remove what is left, in `ms`. */
const removeTimeoutMs = 30_000;

/**
 * Removes what a worker left that died, or that was only begun: each ends by itself, but some time after the worker.
 * @returns why that was not possible
 */
export async function removeLeft(engine: Engine): Promise<readonly ErrorReport[]> {
  try {
    await withDeadline(
      { timeoutMs: removeTimeoutMs },
      (cause) =>
        new ContainerTimeoutError(`what is left of the run is not removed after ${String(removeTimeoutMs)} ms`, { cause }),
      (signal) => removeLeftovers(engine, engine.runId, signal),
    );
    return [];
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return errorReports(error);
  }
}
