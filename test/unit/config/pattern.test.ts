// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { isPattern, patternOf } from '../../../src/config/pattern.ts';

test('text between slashes is a regular expression, everything else is text', () => {
  expect(['login:', '/etc', '//', '/a/', '/a\\/b/i', '/a/b/'].map(patternOf)).toEqual([
    'login:',
    '/etc',
    '//',
    /a/,
    /a\/b/i,
    /a\/b/,
  ]);
});

test('invalid regular expressions and flags are detected', () => {
  expect(['/(/', '/a/zz', '', 'a'].map(isPattern)).toEqual([false, false, false, true]);
});
