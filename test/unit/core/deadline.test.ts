// SPDX-License-Identifier: GPL-3.0-or-later
import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
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

test('the timer of a wait that ended before its deadline is gone', async () => {
  const timers = new Set<number>();
  const hook = createHook({
    init: (id, type) => {
      if (type === 'Timeout') timers.add(id);
    },
    destroy: (id) => timers.delete(id),
  }).enable();
  const wait = { timeoutMs: 3_600_000, signal: new AbortController().signal };
  const never = (): Error => new Error('expected no timeout');
  await withDeadline(wait, never, () => {
    expect(timers.size).toBe(1);
    return Promise.resolve();
  });
  await nextTurn(); // Node reports what is gone after the current turn
  hook.disable();
  expect(timers.size).toBe(0);
});
