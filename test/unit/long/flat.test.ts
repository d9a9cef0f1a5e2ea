// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { trendOf } from '../../long/flat.ts';

const tolerance = { share: 0.1, absolute: 4 };
const line = (count: number, at: (index: number) => number): number[] => Array.from({ length: count }, (_, index) => at(index));

test('a figure that grows with each sample is not flat', () => {
  expect(
    trendOf(
      line(40, (index) => 100 + index),
      tolerance,
    ),
  ).toEqual({ early: 114.5, late: 134.5, isFlat: false });
});

test('a figure that grows only in the first quarter, while caches warm up, is flat', () => {
  expect(
    trendOf(
      line(40, (index) => Math.min(100, index * 10)),
      tolerance,
    ),
  ).toEqual({ early: 100, late: 100, isFlat: true });
});

test('a single peak does not matter, at whatever sample', () => {
  for (const peak of [12, 38])
    expect(
      trendOf(
        line(40, (index) => (index === peak ? 900 : 100)),
        tolerance,
      ).isFlat,
    ).toBe(true);
});

test('a figure may grow by the share or by the absolute tolerance, whichever is larger', () => {
  const step = (from: number, to: number): number[] => line(8, (index) => (index < 4 ? from : to));
  expect(trendOf(step(100, 110), tolerance).isFlat).toBe(true);
  expect(trendOf(step(100, 111), tolerance).isFlat).toBe(false);
  expect(trendOf(step(0, 4), tolerance).isFlat).toBe(true);
  expect(trendOf(step(0, 5), tolerance).isFlat).toBe(false);
  expect(trendOf(step(100, 1), tolerance).isFlat).toBe(true);
});

test('too few samples are an error', () => {
  expect(() => trendOf([1, 2, 3, 4, 5, 6, 7], tolerance)).toThrow(RangeError);
});
