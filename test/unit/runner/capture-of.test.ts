// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Capture } from '../../../src/capture/index.ts';
import { captureOf } from '../../../src/runner/capture-of.ts';

const links = ['client--left:0', 'lan'].map((name) => ({ name, capture: { name } as Capture }));

test('a capture is found by the number and by the name of its link', () => {
  expect([0, 'lan'].map((link) => captureOf(links, link).name)).toEqual(['client--left:0', 'lan']);
});

test.each([
  ['lam', 'got "lam"'],
  [2, 'got 2'],
])('another link is refused with the known ones: %s', (link, got) => {
  expect(() => captureOf(links, link)).toThrow(
    `capture: expected a link of the topology (client--left:0, lan) or its number from 0, ${got}. Use one of these, or add it to the topology`,
  );
});

test('a topology without links has no capture', () => {
  expect(() => captureOf([], 0)).toThrow('capture: expected a link of the topology (none) or its number from 0, got 0');
});
