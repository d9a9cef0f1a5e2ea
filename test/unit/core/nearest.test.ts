// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { nearest } from '../../../src/core/nearest.ts';

test.each([
  ['clinet', ['server', 'client'], 'client'],
  ['Left', ['left', 'right'], 'left'],
  ['memory', ['links', 'memoryMiB'], 'memoryMiB'],
  ['n1', ['n0', 'server'], 'n0'],
  ['A', ['a', 'b'], 'a'],
  ['c', ['a', 'b'], undefined],
  ['router', ['client', 'server'], undefined],
  ['', ['a'], undefined],
])('the name nearest to %j among %j is %j', (wrong, names, near) => {
  expect(nearest(wrong, names)).toBe(near);
});
