// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from './errors.ts';
import { nearest } from './nearest.ts';

/** A list whose items can also be found by name: `[left, right] = duts`, or `duts.left`. */
export type Named<T> = readonly T[] & Readonly<Record<string, T>>;

/** What JavaScript and Vitest look for in any object: to await it, to compare it and to print it. */
const lookedFor: ReadonlySet<string> = new Set([
  ...['then', 'toJSON', 'asymmetricMatch', 'inspect', 'size', 'type'],
  ...['nodeType', 'tagName', 'hasAttribute', 'ownerDocument'], // of an element of a web page
]);

/**
 * A list whose items can also be found by their names. A name that a list has already, such as `length` or `map`, keeps its meaning
 * there. A name that no item has is an error; an index that is too large is `undefined`. Pure.
 * @param kind - what messages call an item: `node`
 */
export function named<T extends { readonly name: string }>(kind: string, items: readonly T[]): Named<T> {
  const list = [...items];
  for (const item of items) if (!(item.name in list)) Object.defineProperty(list, item.name, { value: item });
  const get = (lists: object, key: string | symbol, receiver: unknown): unknown => {
    if (typeof key === 'string' && isName(key) && !(key in lists)) throw unknownName(kind, items, key);
    return Reflect.get(lists, key, receiver) as unknown;
  };
  // only what the list does not have is looked for in its prototype, so it is still a true array
  Object.setPrototypeOf(list, new Proxy(Object.create(Array.prototype) as object, { get }));
  return list as readonly T[] as Named<T>;
}

/** Whether somebody means an item: names start with a letter. */
function isName(key: string): boolean {
  return /^[A-Za-z]/.test(key) && !lookedFor.has(key);
}

function unknownName(kind: string, items: readonly { readonly name: string }[], wrong: string): UsageError {
  const names = items.map(({ name }) => name);
  const near = nearest(wrong, names);
  const advice = near === undefined ? '' : `. Did you mean ${near}?`;
  return new UsageError(`there is no ${kind} ${JSON.stringify(wrong)}; there are: ${names.join(', ') || 'none'}${advice}`);
}
