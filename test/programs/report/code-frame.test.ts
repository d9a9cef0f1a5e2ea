// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync } from 'node:child_process';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeFrame, readCodeFrame } from '../../../src/report/code-frame.ts';

const source = Array.from({ length: 12 }, (_, index) => `line ${index + 1}`).join('\n');

test('a code frame has two lines before and after, their numbers and a mark below the column', () => {
  expect(codeFrame(source, 9, 3)).toBe(
    ['   7 | line 7', '   8 | line 8', '>  9 | line 9', '     |   ^', '  10 | line 10', '  11 | line 11'].join('\n'),
  );
});

test('at the ends of a file, and beside empty lines, a code frame is shorter', () => {
  expect(codeFrame(source, 1, 1)).toBe(['> 1 | line 1', '    | ^', '  2 | line 2', '  3 | line 3'].join('\n'));
  expect(codeFrame('a\n\nb\n \n', 3, 1)).toBe(['  1 | a', '  2 |', '> 3 | b', '    | ^'].join('\n'));
  expect(codeFrame(source, 13, 1)).toBeUndefined();
  expect(codeFrame(source, 0, 1)).toBeUndefined();
});

test('tabs and escape codes do not shift the mark, and of a long line the part with the mark is shown', () => {
  expect(codeFrame('\t\u001b[31mx = 1;\r\n', 1, 7)).toBe('> 1 |   x = 1;\n    |   ^');
  const frame = codeFrame(`${'a'.repeat(5000)}B${'c'.repeat(5000)}`, 1, 5001) ?? '';
  const [line = '', mark = ''] = frame.split('\n');
  expect(line.length).toBeLessThan(200);
  expect(line[mark.indexOf('^')]).toBe('B');
});

test('only regular files with the name of a source are read', () => {
  using made = mkdtempDisposableSync(join(tmpdir(), 'alpy-frame-'));
  const file = (name: string): string => join(made.path, name);
  for (const name of ['a.ts', 'a.mjs', 'secret']) writeFileSync(file(name), 'x');
  execFileSync('mkfifo', [file('pipe.ts')]);
  expect(['a.ts', 'a.mjs', 'secret', 'pipe.ts', 'gone.ts'].map((name) => readCodeFrame(file(name), 1, 1) !== undefined)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
