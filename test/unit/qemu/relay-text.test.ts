// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { parseCounts, relayArgument } from '../../../src/qemu/relay/relay-text.ts';

test('the argument of a relay has seconds, bits per second and probabilities', () => {
  const sockets = { from: '/var/tmp/alpy1/a-out', to: '/var/tmp/alpy1/a-in' };
  expect(relayArgument({ settings: { delayMs: 20, lossPercent: 2.5, rateMbps: 0.5 }, seed: 7, sockets })).toBe(
    'in=/var/tmp/alpy1/a-out out=/var/tmp/alpy1/a-in seed=7 delay=0.02 jitter=0 loss=0.025 duplicate=0 corrupt=0 reorder=0 rate=500000',
  );
});

test('counters of two directions are parsed', () => {
  const line = (received: number): string =>
    `received=${received},passed=2,lost=3,duplicated=4,corrupted=5,reordered=6,overflowed=7`;
  const rest = { passed: 2, lost: 3, duplicated: 4, corrupted: 5, reordered: 6, overflowed: 7 };
  expect(parseCounts(`${line(1)};${line(9)}`)).toEqual([
    { received: 1, ...rest },
    { received: 9, ...rest },
  ]);
});

test.each(['', 'cleared', 'received=1', 'received=x,passed=2,lost=3,duplicated=4,corrupted=5,reordered=6,overflowed=7'])(
  'malformed counters are a bug: %j',
  (line) => {
    expect(() => parseCounts(line)).toThrow(expect.objectContaining({ code: 'ALPY_BUG' }) as Error);
  },
);
