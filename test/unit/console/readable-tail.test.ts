// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { readableTail, type TypedLine } from '../../../src/console/readable-tail.ts';

const typedText = String.raw` \command printf '\n@@%s\n' 'abcd1234''B@@';(\eval 'ls /x') </dev/null;\command printf '\n@@%s%d%03d@@\n' 'abcd1234''E' 0 "$?"`;
const line = (position: number): TypedLine => ({ position, text: typedText, shownAs: 'ls /x', mark: '@@abcd1234' });

/** The last output as it is shown, if it begins at the position `from`. */
function show(text: string, typed: readonly TypedLine[], from = 0): string {
  const bytes = Buffer.from(text);
  return readableTail({ bytes, positionOf: (index) => from + index }, typed);
}

const echo = typedText;
const output = '\r\n@@abcd1234B@@\r\nls: /x: No such file\r\n\r\n@@abcd1234E0001@@\r\n# ';

test('the echo of a command becomes the command, and markers are gone', () => {
  expect(show(`boot\r\n# ${echo}\r\n${output}`, [line(8)])).toBe('boot\n# ls /x\nls: /x: No such file\n# ');
});

test('an echo that a line editor has broken into lines is recognised', () => {
  const wrapped = (echo.match(/.{1,40}/g) ?? []).join('\r\n');
  expect(show(`# ${wrapped}\r\n${output}`, [line(2)])).toBe('# ls /x\nls: /x: No such file\n# ');
});

test('a kernel message within the echo is shown', () => {
  const torn = `${echo.slice(0, 30)}[    1.234567] panic\r\n${echo.slice(30)}`;
  expect(show(`# ${torn}\r\n${output}`, [line(2)])).toBe('# ls /x\n[    1.234567] panic\nls: /x: No such file\n# ');
});

test('a prompt that came after the line was typed is shown before the command', () => {
  expect(show(`x\r\n# ${echo}\r\n${output}`, [line(3)])).toBe('x\n# ls /x\nls: /x: No such file\n# ');
});

test('a command that has not begun is shown, with what came instead of its output', () => {
  expect(show(`# ${echo}\r\nKernel panic\r\n`, [line(2)])).toBe('# ls /x\nKernel panic');
  expect(show('# ', [line(2)])).toBe('# ');
});

test('of a command whose echo is too old, the name and the output are shown', () => {
  expect(show(output, [line(2)], 500)).toBe('ls /x\nls: /x: No such file\n# ');
});

test('control characters are escaped, except for tabs', () => {
  expect(show('a\tb\u0000\r\n\u0007', [])).toBe('a\tb\\x00\n\\a');
});
