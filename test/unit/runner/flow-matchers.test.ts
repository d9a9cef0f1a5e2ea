// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { Flow, type ProbeReport, type Recovery } from '../../../src/network/index.ts';
import { matchers } from '../../../src/runner/matchers.ts';

const clean: ProbeReport = {
  durationMs: 1000,
  sent: 1000,
  received: 1000,
  lost: 0,
  duplicates: 0,
  reordered: 0,
  gaps: [],
  outages: [],
  longestOutageMs: 0,
  latencyMs: { min: 1, median: 1, p99: 1, max: 1 },
  refused: 0,
  dropped: 0,
  longestPauseMs: 0,
};

interface FakeFlow {
  readonly recovery?: Recovery;
  readonly report?: Partial<ProbeReport>;
  readonly isOverloaded?: boolean;
}

/** A flow that recovers as `recovery` says, and has the report. */
function flowWith({ recovery, report, isOverloaded = false }: FakeFlow): Flow {
  const flow = Object.defineProperty(Object.create(Flow.prototype) as Flow, 'isOverloaded', { value: isOverloaded });
  return Object.assign(flow, {
    name: 'probe(node0, node1)',
    recovery: () => Promise.resolve(recovery),
    report: () => Promise.resolve({ ...clean, ...report }),
  });
}

describe('toRecoverWithin', () => {
  const outage = { startMs: 5, lengthMs: 290, datagrams: 290 };

  async function resultOf(recovery: Recovery, duration: string, options = {}): Promise<unknown> {
    const { pass, message } = await matchers.toRecoverWithin(flowWith({ recovery }), duration, options);
    return [pass, message()];
  }

  test('passes for an outage that was short enough', async () => {
    const message = 'expected probe(node0, node1) not to recover within 300ms, but the outage lasted 290 ms (290 datagrams lost)';
    expect(await resultOf({ outage, isOver: true }, '300ms')).toEqual([true, message]);
  });

  test('says how long an outage was', async () => {
    const message = 'expected probe(node0, node1) to recover within 0.2s, but the outage lasted 290 ms (290 datagrams lost)';
    expect(await resultOf({ outage, isOver: true }, '0.2s')).toEqual([false, message]);
  });

  test('says how long an outage has lasted that is not over', async () => {
    const recovery = { outage: { startMs: 0, lengthMs: 12_300, datagrams: 1 }, isOver: false };
    const message =
      'expected probe(node0, node1) to recover within 2s, but the flow has been down for 12.3 s (1 datagram lost) and is still down';
    expect(await resultOf(recovery, '2s')).toEqual([false, message]);
  });

  test('fails without an outage, unless the flow may be unbroken', async () => {
    const recovery = { outage: undefined, isOver: true };
    const message =
      'expected probe(node0, node1) to recover within 2s, but no outage began within 12 s. Did what the test does reach the flow? If it may go on without an outage, pass { mayBeUnbroken: true }';
    expect(await resultOf(recovery, '2s')).toEqual([false, message]);
    const negated = 'expected probe(node0, node1) not to recover within 2s, but there was no outage';
    expect(await resultOf(recovery, '2s', { mayBeUnbroken: true })).toEqual([true, negated]);
  });

  test.each(['300', 'soon', '-1s', '5 ms', '1m'])('refuses the duration %j', async (duration) => {
    await expect(matchers.toRecoverWithin(flowWith({}), duration)).rejects.toThrow(
      'expected duration to be a duration in ms or s, such as "300ms" or "2s"',
    );
  });
});

describe('loss', () => {
  const report = {
    received: 985,
    lost: 15,
    refused: 2,
    dropped: 3,
    gaps: [
      { startMs: 20, lengthMs: 3, datagrams: 3 },
      { startMs: 400, lengthMs: 12, datagrams: 12 },
    ],
  };

  test('toBeWithoutLoss says how much was lost and when', async () => {
    const { pass, message, meta } = await matchers.toBeWithoutLoss.call({}, flowWith({ report }));
    expect(pass).toBe(false);
    expect(message()).toBe(
      "expected probe(node0, node1) to be without loss, but 15 of 1000 datagrams were lost (1.5 %); the sending node's kernel refused 2 of them: check its routes; this machine was too slow to receive 3 of them",
    );
    const details = [{ title: 'Longest gaps, in datagrams', lines: ['12 after 400 ms, for 12 ms', '3 after 20 ms, for 3 ms'] }];
    expect(meta).toEqual({ hasMissedDeadline: true, details });
  });

  test('toBeWithoutLoss passes without loss', async () => {
    const { pass, message } = await matchers.toBeWithoutLoss.call({}, flowWith({}));
    expect([pass, message()]).toEqual([
      true,
      'expected probe(node0, node1) not to be without loss, but 0 of 1000 datagrams were lost (0 %)',
    ]);
  });

  test.each([
    [15, true],
    [9, false],
    ['1.5%', true],
    ['0.9%', false],
  ])('toHaveLostAtMost(%j) of 1.5 % gives %j', async (limit, passes) => {
    const { pass, message } = await matchers.toHaveLostAtMost.call({}, flowWith({ report }), limit);
    expect(pass).toBe(passes);
    expect(message()).toContain(`${passes ? 'not to' : 'to'} have lost at most ${limit}, but 15 of 1000`);
  });

  test.each([
    ['too slow to receive', { dropped: 15 }, 'environment', false],
    ['refused', { refused: 15 }, 'usage', false],
    ['refused', { refused: 12, dropped: 3 }, 'usage', false],
    ['refused', { refused: 15 }, 'environment', true],
  ] as const)('does not blame the device for datagrams that were %s: %j, %s', async (why, reasons, fault, isOverloaded) => {
    const flow = flowWith({ report: { ...report, refused: 0, dropped: 0, ...reasons }, isOverloaded });
    await expect(matchers.toBeWithoutLoss.call({}, flow)).rejects.toMatchObject({
      code: 'ALPY_PROBE',
      fault,
      message: expect.stringContaining(why) as string,
    });
    expect(await matchers.toBeWithoutLoss.call({ isNot: true }, flow)).toMatchObject({ pass: false });
  });

  test('does not blame the device if it lost no more than it may', async () => {
    await expect(matchers.toHaveLostAtMost.call({}, flowWith({ report }), 10)).rejects.toMatchObject({
      fault: 'usage',
      message:
        "probe(node0, node1): 15 of 1000 datagrams were lost (1.5 %); the sending node's kernel refused 2 of them: check its routes; this machine was too slow to receive 3 of them. Apart from these, 10 were lost",
    });
  });

  test.each(['1', '-1%', '1 %', null])('toHaveLostAtMost refuses %j', async (limit) => {
    await expect(matchers.toHaveLostAtMost.call({}, flowWith({}), limit!)).rejects.toThrow(
      'expected limit to be a number of datagrams, or a share such as "1%"',
    );
  });
});
