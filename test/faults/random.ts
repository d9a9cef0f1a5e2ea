// SPDX-License-Identifier: GPL-3.0-or-later

/** A sequence of numbers from 0 to below 1 that depends only on its seed. */
export type Random = () => number;

/** Makes a sequence from some numbers (mulberry32). Pure. */
export function randomOf(...seeds: readonly number[]): Random {
  let state = seeds.reduce((all, seed) => Math.imul(all ^ seed, 0x9e3779b1) + 0x7f4a7c15, 0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of a list that is not empty. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)]!;
}

/** The same entries in a random order. */
export function shuffled<T>(random: Random, list: readonly T[]): readonly T[] {
  return list
    .map((entry) => ({ entry, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ entry }) => entry);
}
