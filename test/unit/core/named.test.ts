// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { named } from '../../../src/core/named.ts';

test('items are found by their place and by their name', () => {
  const [left, right] = [{ name: 'left' }, { name: 'left:1--right:1' }];
  const list = named([left, right]);
  const [first, second] = list;
  expect([first, second]).toEqual([left, right]);
  expect(list['left']).toBe(left);
  expect(list['left:1--right:1']).toBe(right);
  expect(list['middle']).toBeUndefined();
});

test('a list with names equals a plain list', () => {
  const list = named([{ name: 'left' }]);
  expect(list).toEqual([{ name: 'left' }]);
  expect(Object.keys(list)).toEqual(['0']);
  expect(JSON.stringify(list)).toBe('[{"name":"left"}]');
});

test('a name that lists have already keeps its meaning', () => {
  const list = named([{ name: 'length' }, { name: 'map' }]);
  expect(list.length).toBe(2);
  expect(list.map(({ name }) => name)).toEqual(['length', 'map']);
});
