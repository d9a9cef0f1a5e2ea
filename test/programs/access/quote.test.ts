// SPDX-License-Identifier: GPL-3.0-or-later
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { escapeText, typedWord } from '../../../src/access/serial-shell/quote.ts';
import { printfEscape, quoteWord } from '../../../src/core/text.ts';

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

test('plain text is typed unchanged', () => {
  expect(typedWord(`a "b" $c \\d; [ -e ~ ] && {e|f}`)).toBe(`'a "b" $c \\d; [ -e ~ ] && {e|f}'`);
  expect(typedWord("it's")).toBe(String.raw`'it'\''s'`);
  expect(typedWord('')).toBe("''");
});

test('characters that a terminal or a line editor would interpret are escaped', () => {
  expect(typedWord("a\nb\t'c' !! \\n ä")).toBe(
    String.raw`"$(\command printf %b 'a\nb\0011\0047c\0047 \0041\0041 \\n \0303\0244')"`,
  );
  const typed = escapeText(everyByte) + quoteWord(' "#$%&()*+,-./09:;<=>?@AZ[\\]^_`az{|}~');
  expect(typed).toMatch(/^[ "-~]*$/);
});

test.each([escapeText, printfEscape])('printf makes every byte of what %o escapes', (escape) => {
  const { stdout } = spawnSync('sh', ['-c', `printf %b '${escape(everyByte)}'`]);
  expect(stdout).toEqual(everyByte);
});

test('a shell that gets escaped bytes in place of printf does nothing', () => {
  const { stdout, stderr, status } = spawnSync('sh', ['-c', `: ${printfEscape(everyByte)}`], { encoding: 'utf8' });
  expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
});
