// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BaseSequencer, type TestModule, type TestSpecification, type Vitest } from 'vitest/node';
import { whenAborted } from '../core/deadline.ts';
import { markHandled } from '../core/mark-handled.ts';
import { slashes } from '../core/text.ts';
import { shuffled } from './shuffle.ts';
import type { TestWorkers } from './test-workers.ts';

/** How long a stopped run may take, in `ms`. Together they are below 5 s, the limit after a signal. */
export interface StopTimes {
  /** for the clean-up of cancelled tests */
  readonly graceMs: number;
  /** for Vitest to notice that its workers were killed */
  readonly noticeMs: number;
}

const stopTimes: StopTimes = { graceMs: 3000, noticeMs: 700 };
/** How long it may take to read the names of tests in files that were not started, in `ms`. */
const readMs = 700;

/**
 * Vitest ignores a cancellation before the start of a run. It sorts the files after that start, so an earlier cancellation is
 * repeated there.
 * @param signal - cancels the run
 * @param seed - of a random order of the files; `undefined` for Vitest's order
 */
export function cancellingSequencer(signal: AbortSignal, seed?: number): typeof BaseSequencer {
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      whenAborted(signal, () => {
        // not awaited: it waits for the end of the run, for ever if a worker was killed
        markHandled(this.ctx.cancelCurrentRun('keyboard-input'));
      });
      if (seed === undefined) return super.sort(files);
      return shuffled(files, seed, ({ moduleId }) => slashes(relative(this.ctx.config.root, moduleId)));
    }
  };
}

/**
 * Runs test files. When the signal fires, tests may clean up for the grace time; then their workers are killed.
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
  markHandled(running); // it may reject later, after its workers were killed
}

/** Kills workers after the signal has fired, unless the run ends before. */
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
  if (over.aborted) return; // no worker is left
  workers.killAll();
  await sleep(noticeMs, undefined, { signal: over }).catch(() => undefined);
}

/** Reads the tests of files that were not started, without running them. Returns none if that takes too long. */
export async function readTests(vitest: Vitest, files: readonly TestSpecification[]): Promise<readonly TestModule[]> {
  const over = new AbortController();
  try {
    return await Promise.race([vitest.parseSpecifications([...files]), sleep(readMs, [], { signal: over.signal })]);
  } finally {
    over.abort();
  }
}
