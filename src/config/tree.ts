// SPDX-License-Identifier: GPL-3.0-or-later
import { isJsonObject } from '../core/json-object.ts';
import { valueAt } from '../core/value-at.ts';

/** A tree with `value` at `path` and nothing else. */
export function treeOf(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner: unknown, name) => ({ [name]: inner }), value);
}

/**
 * Overlays `lower` with `upper`: objects are merged key by key, everything else is replaced, and `undefined` replaces nothing.
 * If `upper` has an object where `lower` has another value, that value stays, so that the check reports it.
 */
export function overlay(lower: unknown, upper: unknown): unknown {
  if (upper === undefined) return lower;
  if (!isJsonObject(upper)) return upper;
  if (lower !== undefined && !isJsonObject(lower)) return lower;
  const names = new Set([...Object.keys(lower ?? {}), ...Object.keys(upper)]);
  return Object.fromEntries([...names].map((name) => [name, overlay(valueAt(lower, [name]), valueAt(upper, [name]))]));
}

/** All values in `root` that are not objects, with their paths, in order. A list is one value. */
export function leaves(root: unknown, path: readonly string[] = []): readonly Leaf[] {
  if (root === undefined) return [];
  if (!isJsonObject(root)) return [{ path, value: root }];
  return Object.keys(root).flatMap((name) => leaves(root[name], [...path, name]));
}

/** A value in a tree. */
export interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Freezes `root` and everything in it. */
export function deepFreeze<T>(root: T): T {
  if (typeof root === 'object' && root !== null) Object.values(Object.freeze(root)).forEach(deepFreeze);
  return root;
}
