// SPDX-License-Identifier: GPL-3.0-or-later
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { named } from '../../../src/core/named.ts';

test('items are found by their place and by their name', () => {
  const [left, right] = [{ name: 'left' }, { name: 'left:1--right:1' }];
  const list = named('node', [left, right]);
  const [first, second] = list;
  expect([first, second]).toEqual([left, right]);
  expect(list['left']).toBe(left);
  expect(list['left:1--right:1']).toBe(right);
});

test.each([
  ['cleint', 'there is no node "cleint"; there are: client, server. Did you mean client?'],
  ['router', 'there is no node "router"; there are: client, server'],
])('a name that no item has is an error: %s', (name, message) => {
  const list = named('node', [{ name: 'client' }, { name: 'server' }]);
  expect(() => list[name]).toThrow(expect.objectContaining({ code: 'ALPY_USAGE', message }) as Error);
  expect(() => named('node', [])[name]).toThrow(`there is no node "${name}"; there are: none`);
});

test('it can be awaited, printed, cloned and compared like any list', async () => {
  const items = [{ name: 'client' }, { name: 'server' }];
  const list = named('node', items);
  expect(await Promise.resolve(list)).toBe(list);
  expect(list).toStrictEqual(items);
  expect({ list }).toMatchObject({ list: items });
  expect(list).toContain(items[0]);
  expect(list).toHaveLength(2);
  expect([Array.isArray(list), list instanceof Array, list[2]]).toEqual([true, true, undefined]);
  const [, , third] = list;
  expect(third).toBeUndefined();
  expect(inspect(list)).toBe("[ { name: 'client' }, { name: 'server' } ]");
  expect(structuredClone(list)).toEqual(items);
  expect(String(list.map(({ name }) => name))).toBe('client,server');
  expect(() => {
    expect(list).toEqual([]);
  }).toThrow("expected [ { name: 'client' }, …(1) ] to deeply equal []");
});

test('it looks like any list', () => {
  const list = named('node', [{ name: 'left' }]);
  expect(list).toEqual([{ name: 'left' }]);
  expect(Object.keys(list)).toEqual(['0']);
  expect(JSON.stringify(list)).toBe('[{"name":"left"}]');
});

test('a name that lists have already keeps its meaning', () => {
  const list = named('node', [{ name: 'length' }, { name: 'map' }]);
  expect(list.length).toBe(2);
  expect(list.map(({ name }) => name)).toEqual(['length', 'map']);
});
