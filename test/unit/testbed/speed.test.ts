// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { measureSlowness, timeFactorOf } from '../../../src/testbed/speed.ts';

test('waits on a slow machine are longer, up to four times; a short disturbance does not count', () => {
  let nowMs = 0;
  const clock = (...stepsMs: number[]): (() => number) => {
    let call = 0;
    return () => (nowMs += stepsMs[call++ % stepsMs.length]!);
  };
  expect(measureSlowness(clock(0, 24))).toBe(2);
  expect(measureSlowness(clock(0, 6))).toBe(1);
  expect(measureSlowness(clock(0, 500, 0, 18))).toBe(1.5);
  expect(measureSlowness(clock(0, 900))).toBe(4);
  expect([timeFactorOf('kvm', 1.5), timeFactorOf('tcg', 1.5)]).toEqual([1.5, 6]);
});

test('a machine that is not slow is measured once', () => {
  let calls = 0;
  measureSlowness(() => (calls += 1));
  expect(calls).toBe(2);
});
