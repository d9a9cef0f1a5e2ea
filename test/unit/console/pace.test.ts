// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { echoPattern, pieces } from '../../../src/console/pace.ts';

test('input is split after line ends and at the given size', () => {
  expect(pieces(Buffer.from('abcde\nf'), 4).map(String)).toEqual(['abcd', 'e\n', 'f']);
  expect(echoPattern(Buffer.from(' \n'))).toBeUndefined();
});
