// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { frameText, ownFrames, userFrames } from '../../../src/core/stack.ts';

const own = resolve(import.meta.dirname, '../../../src/network/app.ts');

test('only frames in the user’s files are kept, with function, file, line and column', () => {
  const stack = [
    'TypeError: no',
    '    at App.wait (/home/u/node_modules/alpy/dist/network/app.js:132:13)',
    `    at App.run (${pathToFileURL(own).href}:12:3)`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
    '    at async pick (/home/u/my (copy)/net.ts:13:15)',
    '    at new Promise (<anonymous>)',
    '    at async file:///home/u/a%20b/x.test.ts?v=1:43:3',
    '    at /home/u/y.test.ts:1:2',
  ].join('\n');
  expect(userFrames(stack, 'no')).toEqual([
    { name: 'pick', file: '/home/u/my (copy)/net.ts', line: 13, column: 15 },
    { file: '/home/u/a b/x.test.ts', line: 43, column: 3 },
    { file: '/home/u/y.test.ts', line: 1, column: 2 },
  ]);
  expect(ownFrames(stack, 'no')).toEqual([{ name: 'App.run', file: own, line: 12, column: 3 }]);
});

test('lines of a message that look like a stack are not taken for one', () => {
  const message = 'the device said:\n    at x (/etc/passwd.ts:1:1)\nand';
  const frames = '    at /home/u/y.test.ts:1:2';
  for (const stack of [`Error: ${message}\n${frames}`, `Error: other words\n    at x (/etc/passwd.ts:1:1)\nend\n${frames}`]) {
    expect(userFrames(stack, message)).toEqual([{ file: '/home/u/y.test.ts', line: 1, column: 2 }]);
  }
  expect(userFrames('', message)).toEqual([]);
});

test('a frame is shown like a line of a stack', () => {
  const frame = { name: 'pick', file: '/u/lib/net.ts', line: 1, column: 2 };
  expect(frameText(frame)).toBe('at pick (/u/lib/net.ts:1:2)');
  expect(frameText(frame, 'lib/net.ts')).toBe('at pick (lib/net.ts:1:2)');
  expect(frameText({ file: '/u/a.ts', line: 1, column: 2 })).toBe('at /u/a.ts:1:2');
});
