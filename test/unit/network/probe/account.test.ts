// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { FlowAccount, type FlowEnds } from '../../../../src/network/probe/account.ts';

const intervalMs = 10;
const latencyMs = 2;

/** A flow of which these datagrams have arrived in this order, each 2 ms after it was sent, or later as `lateMs` says. */
function flowOf(numbers: readonly number[], lateMs: Readonly<Record<number, number>> = {}): FlowAccount {
  const account = new FlowAccount(intervalMs);
  for (const number of numbers) {
    const sentMs = 1000 + number * intervalMs;
    account.add({ number, sentMs, receivedMs: sentMs + latencyMs + (lateMs[number] ?? 0) });
  }
  return account;
}

/** The ends of a flow when the receiver has waited as long as it takes. */
function endsAfter(sentCount: number, changes: Partial<FlowEnds> = {}): FlowEnds {
  return { sentCount, nowMs: 1000 + sentCount * intervalMs, refused: 0, dropped: 0, ...changes };
}

function count(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

describe('a report', () => {
  test('of a flow without loss has no gap and no outage', () => {
    expect(flowOf(count(0, 100)).report(endsAfter(100))).toEqual({
      durationMs: 1000,
      sent: 100,
      received: 100,
      lost: 0,
      duplicates: 0,
      reordered: 0,
      gaps: [],
      outages: [],
      longestOutageMs: 0,
      latencyMs: { min: 2, median: 2, p99: 2, max: 2 },
      refused: 0,
      dropped: 0,
      longestPauseMs: 0,
    });
  });

  test('names gaps and outages, which count from the first datagram', () => {
    const report = flowOf([...count(5, 20), ...count(50, 60), 61]).report(endsAfter(62));
    expect(report).toMatchObject({ sent: 57, received: 26, lost: 31 });
    expect(report.gaps).toEqual([
      { startMs: 150, lengthMs: 300, datagrams: 30 },
      { startMs: 550, lengthMs: 10, datagrams: 1 },
    ]);
    expect(report.outages).toEqual([{ startMs: 150, lengthMs: 300, datagrams: 30 }]); // 10 ms are no outage
    expect(report.longestOutageMs).toBe(300);
  });

  test('counts what the sender has sent since the last arrival as lost', () => {
    const report = flowOf(count(0, 10)).report(endsAfter(40));
    expect(report).toMatchObject({ sent: 40, received: 10, lost: 30, longestOutageMs: 298 });
    expect(report.gaps).toEqual([{ startMs: 100, lengthMs: 300, datagrams: 30 }]);
    expect(report.outages).toEqual([{ startMs: 100, lengthMs: 298, datagrams: 30 }]);
  });

  test('tells reordered datagrams from duplicates', () => {
    const report = flowOf([0, 1, 5, 3, 3, 2, 6, 0]).report(endsAfter(7));
    expect(report).toMatchObject({ sent: 7, received: 6, lost: 1, duplicates: 2, reordered: 2 });
    expect(report.gaps).toEqual([{ startMs: 40, lengthMs: 10, datagrams: 1 }]);
  });

  test('shows an outage without loss: datagrams that were held up', () => {
    const late = Object.fromEntries(count(20, 40).map((number) => [number, 200 - (number - 20) * intervalMs]));
    const report = flowOf(count(0, 50), late).report(endsAfter(50));
    expect(report).toMatchObject({ lost: 0, longestOutageMs: 200, outages: [{ startMs: 200 }], latencyMs: { min: 2, max: 202 } });
  });

  test('does not take a pause of the sender for an outage', () => {
    const account = flowOf(count(0, 10));
    account.add({ number: 10, sentMs: 1600, receivedMs: 1602 });
    expect(account.report(endsAfter(11, { nowMs: 1602 }))).toMatchObject({ longestOutageMs: 0, longestPauseMs: 500 });
  });

  test('never has a negative latency', () => {
    const account = new FlowAccount(intervalMs);
    account.add({ number: 0, sentMs: 1000, receivedMs: 999.999 });
    expect(account.report(endsAfter(1)).latencyMs).toEqual({ min: 0, median: 0, p99: 0, max: 0 });
  });
});

test('a datagram that the first one has overtaken does not count', () => {
  expect(flowOf([3, 2, 4]).report(endsAfter(5))).toMatchObject({ sent: 2, received: 2, lost: 0, reordered: 0 });
});

test('all below a number have arrived, unless one is missing that was sent a short time ago', () => {
  const account = flowOf([0, 1, 3]);
  expect(account.hasAllBelow(4, 2000)).toBe(true);
  expect(account.hasAllBelow(4, 1025)).toBe(false);
  expect(account.hasAllBelow(5, 2000)).toBe(false);
});

test('an outage that is not over is present until something arrives', () => {
  const account = flowOf(count(0, 10));
  expect(account.outageNow(endsAfter(11))).toBeUndefined();
  expect(account.outageNow(endsAfter(30))).toEqual({ startMs: 1102, lengthMs: 198, datagrams: 20 });
  account.add({ number: 30, sentMs: 1300, receivedMs: 1302 });
  expect(account.outageNow(endsAfter(31))).toBeUndefined();
  expect(account.outagesSince(1302, endsAfter(31))).toEqual([{ startMs: 1102, lengthMs: 200, datagrams: 20 }]);
  expect(account.outagesSince(1303, endsAfter(31))).toEqual([]);
});

test('the lists of gaps and outages are bounded, and what is lost is counted all the same', () => {
  const flow = flowOf(count(0, 30_000).map((number) => number * 5));
  const report = flow.report(endsAfter(149_996));
  expect([report.gaps.length, report.outages.length, report.lost]).toEqual([10_000, 10_000, 4 * 29_999]);
  expect(report.gaps.at(-1)?.startMs).toBe(149_991 * intervalMs);
});

test('a report of a flow that has not begun is a mistake', () => {
  expect(() => new FlowAccount(1).report(endsAfter(5))).toThrow('expected a datagram that has arrived, got none');
});

test('a flow has begun with the first datagram that arrives', () => {
  expect(flowOf([]).hasBegunBefore(100)).toBe(false);
  const flow = flowOf([5, 6, 7]);
  expect([flow.hasBegunBefore(5), flow.hasBegunBefore(6)]).toEqual([false, true]);
});
