// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { queryObjects } from 'node:v8';
import { expect, test } from 'vitest';
import { signalAt, withDeadline } from '../../../src/core/deadline.ts';

test.each([30, 60, 1e6])('a deadline in %i days, which no timer can wait for, does not pass at once', async (days) => {
  const signal = signalAt(Date.now() + days * 24 * 3_600_000);
  await sleep(50); // a timer that cannot wait for so long fires after 1 ms
  expect(signal.aborted).toBe(false);
});

test('a deadline that has passed fires', async () => {
  const signal = signalAt(Date.now() - 1);
  if (!signal.aborted) await once(signal, 'abort');
  expect(signal.aborted).toBe(true);
});

test('nothing is kept of a wait that ended before its deadline', async () => {
  const wait = { timeoutMs: 3_600_000, signal: new AbortController().signal };
  const never = (): Error => new Error('expected no timeout');
  const signals = (): number => {
    return queryObjects(AbortSignal, { format: 'count' }); // collects garbage first
  };
  const before = signals();
  for (let count = 0; count < 100; count += 1) await withDeadline(wait, never, () => Promise.resolve());
  await sleep(1);
  expect(signals() - before).toBeLessThan(50);
});
