// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { isAtLeast } from '../../../src/qemu/version.ts';

test('versions are compared part by part, as numbers', () => {
  expect(isAtLeast('10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)', '8.2')).toBe(true);
  expect(isAtLeast('8.2.0', '8.2')).toBe(true);
  expect(isAtLeast('7.2.22', '8.2')).toBe(false);
  expect(isAtLeast('8.1.9', '8.2')).toBe(false);
});
