// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { escapeText, typedWord } from '../../../src/access/serial-shell/quote.ts';
import { quoteWord } from '../../../src/core/text.ts';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

test('plain text is typed as it is', () => {
  expect(typedWord(`a "b" $c \\d; [ -e ~ ] && {e|f}`)).toBe(`'a "b" $c \\d; [ -e ~ ] && {e|f}'`);
  expect(typedWord("it's")).toBe(String.raw`'it'\''s'`);
  expect(typedWord('')).toBe("''");
});

test('what a terminal or a line editor may take for something else is escaped', () => {
  expect(typedWord("a\nb\t'c' !! \\n ä")).toBe(
    String.raw`"$(\command printf %b 'a\nb\0011\0047c\0047 \0041\0041 \\n \0303\0244')"`,
  );
  const typed = escapeText(everyByte) + quoteWord(' "#$%&()*+,-./09:;<=>?@AZ[\\]^_`az{|}~');
  expect(typed).toMatch(/^[ "-~]*$/);
});

test('printf makes every byte of what is escaped', () => {
  const { stdout } = spawnSync('sh', ['-c', `printf %b '${escapeText(everyByte)}'`]);
  expect(stdout).toEqual(everyByte);
});
