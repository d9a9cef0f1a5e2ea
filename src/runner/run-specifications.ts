// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import { BaseSequencer, type TestModule, type TestSpecification, type Vitest } from 'vitest/node';
import { whenAborted } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import type { TestWorkers } from './test-workers.ts';

/** How long a run that is stopped may take, in `ms`: all of it ends within 5 s of a signal. */
export interface StopTimes {
  /** for tests that are cancelled to clean up */
  readonly graceMs: number;
  /** for Vitest to notice that its workers were killed */
  readonly noticeMs: number;
}

const stopTimes: StopTimes = { graceMs: 3000, noticeMs: 700 };
/** How long it may take to read which tests the files hold that were not begun, in `ms`. */
const readMs = 700;

/**
 * Vitest forgets a cancellation that comes before it has begun a run. It sorts the files when it has, so this is where one that
 * came before is repeated.
 * @param signal - cancels the run
 */
export function cancellingSequencer(signal: AbortSignal): typeof BaseSequencer {
  return class extends BaseSequencer {
    override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      whenAborted(signal, () => {
        // not awaited: it waits for the run, and for ever if a worker was killed
        markHandled(this.ctx.cancelCurrentRun('keyboard-input'));
      });
      return super.sort(files);
    }
  };
}

/**
 * Runs test files. When the signal fires, tests clean up for a while; then their workers are killed.
 * @param signal - also that of {@link cancellingSequencer}
 */
export async function runSpecifications(
  vitest: Vitest,
  files: readonly TestSpecification[],
  workers: Pick<TestWorkers, 'killUnready' | 'killAll'>,
  signal: AbortSignal,
  times = stopTimes,
): Promise<void> {
  const over = new AbortController();
  const running = vitest.runTestSpecifications([...files]).finally(() => {
    over.abort();
  });
  await Promise.race([running, killWhenAborted(workers, signal, over.signal, times)]);
  markHandled(running); // it may fail only now, when its workers are dead
}

/** Done some time after the signal has fired, unless the run is over before. */
async function killWhenAborted(
  workers: Pick<TestWorkers, 'killUnready' | 'killAll'>,
  signal: AbortSignal,
  over: AbortSignal,
  { graceMs, noticeMs }: StopTimes,
): Promise<void> {
  const stopped = Promise.withResolvers<void>();
  const stop = (): void => {
    stopped.resolve();
  };
  whenAborted(signal, stop);
  over.addEventListener('abort', () => {
    signal.removeEventListener('abort', stop);
  });
  await stopped.promise;
  workers.killUnready();
  await sleep(graceMs, undefined, { signal: over }).catch(() => undefined);
  if (over.aborted) return; // nothing is left to be killed
  workers.killAll();
  await sleep(noticeMs, undefined, { signal: over }).catch(() => undefined);
}

/** The tests of files that were not begun, as far as they can be read without running them. */
export async function readTests(vitest: Vitest, files: readonly TestSpecification[]): Promise<readonly TestModule[]> {
  const over = new AbortController();
  try {
    return await Promise.race([vitest.parseSpecifications([...files]), sleep(readMs, [], { signal: over.signal })]);
  } finally {
    over.abort();
  }
}
