// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash, randomInt } from 'node:crypto';

/** One more than the largest seed that is chosen: short enough to be typed again. */
const seedLimit = 1_000_000;

/**
 * The seed of a run's order.
 * @param shuffle - `tests.shuffle` of the configuration
 * @returns `undefined` if the tests run in their usual order
 */
export function seedOf(shuffle: boolean | number): number | undefined {
  if (typeof shuffle === 'number') return shuffle;
  return shuffle ? randomInt(seedLimit) : undefined;
}

/**
 * Shuffles a list. The order depends only on the seed and the names: it is the same on every machine, and two elements keep their
 * order if others are left out. Pure.
 */
export function shuffled<T>(list: readonly T[], seed: number, nameOf: (element: T) => string): T[] {
  const keyed = list.map((element) => {
    const name = nameOf(element);
    return { element, key: `${createHash('sha256').update(`${seed} ${name}`).digest('hex')} ${name}` };
  });
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ element }) => element);
}
