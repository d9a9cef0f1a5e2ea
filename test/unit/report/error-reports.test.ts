// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { addNotes, BugError, DeviceError } from '../../../src/core/errors.ts';
import { errorReports } from '../../../src/report/error-reports.ts';
import type { ThrownError } from '../../../src/report/status.ts';

const source = "import { test } from 'alpy/test';\n\ntest('x', () => {\n  pick({});\n});\n";

test('an error has its innermost place in the user’s files, the code around it, and the stack in these files', () => {
  using made = mkdtempDisposableSync(join(tmpdir(), 'alpy-place-'));
  writeFileSync(join(made.path, 'a.test.ts'), source);
  const stack = [
    'TypeError: x is undefined',
    '    at deep (/u/node_modules/x/index.js:1:1)',
    `    at ${join(made.path, 'a.test.ts')}:4:3`,
    `    at outer (${join(made.path, '../lib.ts')}:9:9)`,
  ].join('\n');
  const error = { name: 'TypeError', message: 'x is undefined', stack, expected: '1', actual: '2' };
  expect(errorReports(error, made.path)).toEqual([
    {
      name: 'TypeError',
      message: 'x is undefined',
      place: { file: 'a.test.ts', line: 4, column: 3 },
      codeFrame: "  3 | test('x', () => {\n> 4 |   pick({});\n    |   ^\n  5 | });",
      stack: 'at a.test.ts:4:3\nat outer (../lib.ts:9:9)',
      expected: '1',
      actual: '2',
    },
  ]);
});

test('a syntax error has the place that Vite names, and the import as its stack', () => {
  const message = [
    'Transform failed with 1 error:\n',
    '\u001b[31m[PARSE_ERROR] \u001b[0mUnexpected token',
    '   ╭─[ lib/broken.ts:2:11 ]\n   │\n 2 │   return {;\n',
  ].join('\n');
  const error = {
    name: 'Error',
    message,
    stack: `Error: ${message}\n    at transform (/u/node_modules/vite/node.js:1:1)`,
    __vitest_rollup_error__: { id: '/u/lib/broken.ts' },
    runnerError: { stack: 'Error: RunnerError\n    at /u/tests/a.test.ts:2:1' },
  };
  expect(errorReports(error, '/u')).toEqual([
    {
      name: 'SyntaxError',
      message: 'Unexpected token',
      place: { file: 'lib/broken.ts', line: 2, column: 11 },
      stack: 'at lib/broken.ts:2:11\nat tests/a.test.ts:2:1',
    },
  ]);
});

test('what a clean-up throws after the body is a consequence; the errors of an AggregateError are not', () => {
  const [body, cleanUp] = [new Error('body'), new Error('clean-up')];
  const marks = (error: Error): readonly unknown[] =>
    errorReports(error).map(({ message, isConsequence }) => [message, isConsequence]);
  expect(marks(new SuppressedError(cleanUp, body))).toEqual([
    ['body', undefined],
    ['clean-up', true],
  ]);
  expect(marks(new AggregateError([body, cleanUp]))).toEqual([
    ['body', undefined],
    ['clean-up', undefined],
  ]);
  const marked = new DeviceError('x');
  addNotes(marked, { isConsequence: true });
  expect(errorReports(JSON.parse(JSON.stringify(marked)) as ThrownError)).toMatchObject([{ isConsequence: true }]);
});

test('the cause of an error of the test is a detail; that of an error of alpy is not, because its message has it', () => {
  const cause = {
    name: 'TypeError',
    message: 'inner',
    stack: 'TypeError: inner\n    at pick (/u/lib.ts:1:2)',
    cause: { message: 'first' },
  };
  expect(errorReports({ name: 'Error', message: 'outer', cause }, '/u')[0]?.details).toEqual([
    { title: 'Caused by', lines: ['TypeError: inner', 'at pick (lib.ts:1:2)'] },
    { title: 'Caused by', lines: ['first'] },
  ]);
  expect(errorReports(new DeviceError('outer: inner', { cause }))[0]?.details).toBeUndefined();
});

test('an unexpected error inside alpy shows where it was thrown', () => {
  const own = resolve(import.meta.dirname, '../../../src/network/app.ts');
  const stack = `TypeError: m\n    at App.run (${own}:1:2)`;
  const detail = { title: 'Thrown in alpy', lines: [`at App.run (${own}:1:2)`] };
  expect(errorReports({ name: 'TypeError', message: 'm', stack }, '/u')[0]?.details).toEqual([detail]);
  expect(errorReports(Object.assign(new BugError('m'), { stack }), '/u')[0]?.details).toEqual([detail]);
  expect(errorReports(Object.assign(new DeviceError('m'), { stack }), '/u')[0]?.details).toBeUndefined();
});

test('a timeout names an option that alpy has', () => {
  const message = (what: string): string | undefined =>
    errorReports({
      message: `Test timed out in 500ms.\nIf this is a long-running ${what}, pass a timeout value as the last argument or configure it globally with "x".`,
    })[0]?.message;
  expect(message('test')).toBe(
    'Test timed out in 500ms.\nIf it needs longer, set tests.timeoutMs in alpy.yaml, or pass { timeout } to the test',
  );
  expect(message('hook')).toBe('Test timed out in 500ms.\nIf it needs longer, pass a timeout to the hook');
});
