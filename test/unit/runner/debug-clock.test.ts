// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { timeoutSignal } from '../../../src/core/timeout-signal.ts';
import { installDebugClock } from '../../../src/runner/debug-clock.ts';

/** Blocks this process, as a debugger does. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('the clock and all time limits stand still while the process is stopped', async () => {
  using clock = installDebugClock(100);
  const startMs = performance.now();
  const limits = [AbortSignal.timeout(400), timeoutSignal(400).signal];
  let hasFired = false;
  const fired = new Promise<void>((resolve) => {
    setTimeout(resolve, 300);
  }).then(() => (hasFired = true));
  standStill(1000);
  expect(performance.now() - startMs).toBeLessThan(500);
  expect(clock.stoppedMs()).toBeGreaterThan(950);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect([limits.map(({ aborted }) => aborted), hasFired]).toEqual([[false, false], false]);
  await Promise.all([fired, ...limits.map((limit) => once(limit, 'abort'))]);
  expect(limits.map(({ reason }) => (reason as Error).name)).toEqual(['TimeoutError', 'TimeoutError']);
});

test('without a stop, timers fire as usual, and can be cancelled', async () => {
  using _clock = installDebugClock();
  const order: string[] = [];
  clearTimeout(setTimeout(() => order.push('cancelled'), 1));
  await new Promise<void>((resolve) => setTimeout(resolve, 20));
  expect(order).toEqual([]);
});
