// SPDX-License-Identifier: GPL-3.0-or-later

/** Keys that lead to a value in nested objects, outermost first. */
export type Path = readonly PropertyKey[];

/** The value at `path`, or `undefined` if the tree does not have that path. Uses own properties only. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[name];
  }
  return value;
}
