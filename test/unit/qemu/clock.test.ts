// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { GuestClock } from '../../../src/qemu/clock.ts';

function clockOf(...events: readonly (readonly [event: string, timeMs: number])[]): GuestClock {
  const clock = new GuestClock();
  for (const [event, timeMs] of events) clock.take({ event, timeMs, data: {} });
  return clock;
}

test('the virtual clock starts with the first RESUME', () => {
  const clock = clockOf(['RESUME', 5000]);
  expect([0, 1.5, 1000].map((ms) => clock.wallMs(ms))).toEqual([5000, 5001.5, 6000]);
});

test('the virtual clock pauses while the guest is stopped', () => {
  const clock = clockOf(['RESUME', 5000], ['STOP', 6000], ['RESUME', 9000], ['STOP', 9500], ['RESUME', 20_000]);
  // 0..1000 ms virtual ran from 5000, 1000..1500 from 9000, the rest from 20000
  expect([999, 1001, 1499, 1600].map((ms) => clock.wallMs(ms))).toEqual([5999, 9001, 9499, 20_100]);
});

test('other events, a second STOP and a second RESUME change nothing', () => {
  const clock = clockOf(
    ['STOP', 1],
    ['RESUME', 5000],
    ['RTC_CHANGE', 5500],
    ['RESUME', 5600],
    ['STOP', 6000],
    ['STOP', 7000],
    ['RESUME', 9000],
  );
  expect(clock.wallMs(1001)).toBe(9001);
});
