// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { FlowAccount } from '../../../../src/network/probe/account.ts';
import { watchRecovery, type Recovery, type RecoveryOptions } from '../../../../src/network/probe/recovery.ts';

/**
 * Sends a datagram each `ms` and looks at the flow each 20 ms from 1000 ms on.
 * @param losses - when datagrams are lost, in `ms`
 */
function watch(
  losses: readonly (readonly [from: number, to: number])[],
  changes: Partial<RecoveryOptions> = {},
): { readonly atMs: number; readonly found: Recovery | undefined } {
  const account = new FlowAccount(1);
  const look = watchRecovery(account, { withinMs: 300, sinceMs: 0, timeoutMs: 2000, mayBeUnbroken: false, ...changes });
  for (let nowMs = 0; nowMs < 5000; nowMs += 1) {
    if (!losses.some(([from, to]) => nowMs >= from && nowMs < to))
      account.add({ number: nowMs, sentMs: nowMs, receivedMs: nowMs });
    if (nowMs < 1000 || nowMs % 20 > 0) continue;
    const found = look({ sentCount: nowMs + 1, nowMs, refused: 0, dropped: 0 });
    if (found) return { atMs: nowMs, found };
  }
  return { atMs: 5000, found: undefined };
}

test('an outage that is over when the wait begins is found, but the flow is watched as long as an outage may last', () => {
  expect(watch([[700, 900]])).toEqual({
    atMs: 1300,
    found: { isOver: true, outage: { startMs: 700, lengthMs: 200, datagrams: 200 } },
  });
});

test('an outage that has just begun is waited for, and the longest one is found', () => {
  const { atMs, found } = watch([
    [700, 750],
    [995, 1600],
  ]);
  expect(atMs).toBe(1600);
  expect(found).toEqual({ isOver: true, outage: { startMs: 995, lengthMs: 605, datagrams: 605 } });
});

test('an outage that does not end is found at the end of the time', () => {
  const { atMs, found } = watch([[1010, 9000]]);
  expect(atMs).toBe(3000);
  expect(found).toMatchObject({ isOver: false, outage: { startMs: 1010, lengthMs: 1990 } });
});

test('without an outage the wait goes on until the end of its time', () => {
  expect(watch([])).toEqual({ atMs: 3000, found: { isOver: true, outage: undefined } });
  expect(watch([[2500, 2600]])).toMatchObject({ atMs: 2600, found: { isOver: true, outage: { lengthMs: 100 } } });
});

test('a flow that may be unbroken is watched as long as an outage may last', () => {
  expect(watch([], { mayBeUnbroken: true })).toEqual({ atMs: 1300, found: { isOver: true, outage: undefined } });
});

test('an outage that was judged before does not count again', () => {
  expect(watch([[700, 900]], { sinceMs: 950 })).toEqual({ atMs: 3000, found: { isOver: true, outage: undefined } });
});
