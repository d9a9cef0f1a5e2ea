// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { installDebugClock } from '../../../src/runner/debug-clock.ts';

/** Blocks this process, as a debugger does. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('the clock and all time limits stand still while the process is stopped', async () => {
  using clock = installDebugClock(100);
  const startMs = performance.now();
  const limit = AbortSignal.timeout(400);
  const order: string[] = [];
  setTimeout(() => order.push('timer'), 300);
  standStill(1000);
  expect(performance.now() - startMs).toBeLessThan(500);
  expect(clock.stoppedMs()).toBeGreaterThan(950);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect([limit.aborted, order]).toEqual([false, []]);
  await once(limit, 'abort');
  expect([(limit.reason as Error).name, order]).toEqual(['TimeoutError', ['timer']]);
});

test('without a stop, timers fire as usual, and can be cancelled', async () => {
  using _clock = installDebugClock();
  const order: string[] = [];
  clearTimeout(setTimeout(() => order.push('cancelled'), 1));
  await new Promise<void>((resolve) => setTimeout(resolve, 20));
  expect(order).toEqual([]);
});
