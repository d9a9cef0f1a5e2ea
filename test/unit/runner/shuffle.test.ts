// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { seedOf, shuffled } from '../../../src/runner/shuffle.ts';

const names = Array.from({ length: 20 }, (_, index) => `tests/${index}.test.ts`);
const itself = (name: string): string => name;

test('a seed gives the same order each time, whatever the order was before', () => {
  const order = shuffled(names, 7, itself);
  expect(shuffled([...names].reverse(), 7, itself)).toEqual(order);
  expect([...order].sort()).toEqual([...names].sort());
});

test('another seed gives another order', () => {
  const orders = [1, 2, 3].map((seed) => shuffled(names, seed, itself).join());
  expect(new Set([...orders, names.join()]).size).toBe(4);
});

test('the files of a shard keep the order that they have in the whole suite', () => {
  const shard = names.filter((_, index) => index % 3 === 0);
  expect(shuffled(shard, 7, itself)).toEqual(shuffled(names, 7, itself).filter((name) => shard.includes(name)));
});

test('a run has a seed only if it is shuffled: that of the configuration, or one that is chosen', () => {
  expect(seedOf(false)).toBeUndefined();
  expect([seedOf(0), seedOf(4711)]).toEqual([0, 4711]);
  const chosen = Array.from({ length: 10 }, () => Number(seedOf(true)));
  expect(chosen.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  expect(new Set(chosen).size).toBeGreaterThan(1);
});
