// SPDX-License-Identifier: GPL-3.0-or-later

/** A list whose items can also be found by name: `[left, right] = duts`, or `duts.left`. */
export type Named<T> = readonly T[] & Readonly<Record<string, T>>;

/**
 * A list whose items can also be found by their names. A name that a list has already, such as `length` or `map`, keeps its meaning
 * there. Pure.
 */
export function named<T extends { readonly name: string }>(items: readonly T[]): Named<T> {
  const list = [...items];
  for (const item of items) if (!(item.name in list)) Object.defineProperty(list, item.name, { value: item });
  return list as readonly T[] as Named<T>;
}
