// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { causeLine, failureLines } from '../../../src/report/failure-text.ts';
import type { ErrorReport } from '../../../src/report/model.ts';

const place = { file: 'tests/a.test.ts', line: 12, column: 3 };
const codeFrame = "  11 | // the wrong address\n> 12 |   await ping('x');\n     |   ^\n  13 | });";

test('the block of an error: cause, code, place, code frame, difference, stack, details, consequences', () => {
  const error: ErrorReport = {
    message: '1 is not 2',
    name: 'AssertionError',
    code: 'ALPY_X',
    place,
    codeFrame,
    diff: '- 1\n+ 2',
    expected: '1',
    actual: '2',
    stack: 'at ping (lib/a.ts:3:4)\nat tests/a.test.ts:12:3',
    details: [{ title: 'Last lines of the console', lines: ['boot', 'login:'] }],
  };
  const consequence: ErrorReport = { message: 'the clean-up failed\nmore', code: 'ALPY_CLEANUP', isConsequence: true };
  expect(failureLines([error, consequence])).toEqual([
    '1 is not 2',
    '(ALPY_X)',
    'tests/a.test.ts:12:3',
    '',
    '  11 | // the wrong address',
    "> 12 |   await ping('x');",
    '     |   ^',
    '  13 | });',
    '  at tests/a.test.ts:12:3',
    '',
    '- 1',
    '+ 2',
    '',
    'Last lines of the console:',
    '  boot',
    '  login:',
    '',
    'also: the clean-up failed … (ALPY_CLEANUP)',
  ]);
});

test('a long message does not push the place out of the first ten lines', () => {
  const message = Array.from({ length: 30 }, (_, index) => `line ${index}`).join('\n');
  const lines = failureLines([{ message, place, code: 'ALPY_X' }]);
  expect(lines.slice(0, 8)).toEqual([...message.split('\n').slice(0, 6), '(ALPY_X)', 'tests/a.test.ts:12:3']);
  expect(lines.slice(-25)).toEqual(['…', ...message.split('\n').slice(6)]);
});

test('the class of an error is shown if it says more than the code', () => {
  const lines = (name: string, code?: string): readonly string[] =>
    failureLines([{ name, message: 'x is undefined', ...(code === undefined ? {} : { code }) }]);
  expect(lines('TypeError')).toEqual(['TypeError: x is undefined']);
  expect(lines('Error')).toEqual(['x is undefined']);
  expect(lines('AssertionError')).toEqual(['x is undefined']);
  expect(lines('FrameTimeoutError', 'ALPY_FRAME_TIMEOUT')).toEqual(['x is undefined', '(ALPY_FRAME_TIMEOUT)']);
  expect(causeLine({ name: 'TypeError', message: 'x\ny' })).toBe('TypeError: x …');
});

test('without a difference, the expected and the received value are shown unless the message has them', () => {
  expect(failureLines([{ message: 'not equal', expected: '1\n2', actual: '3' }]).slice(1)).toEqual([
    '',
    'expected: 1',
    '2',
    'received: 3',
  ]);
  expect(failureLines([{ message: '1 is not 2', expected: '2', actual: '1' }])).toEqual(['1 is not 2']);
});

test('independent errors have a block each, up to the limit', () => {
  const errors = [1, 2, 3].map((n) => ({ message: `error ${n}` }));
  expect(failureLines(errors, { maxBlocks: 2 })).toEqual(['error 1', '', 'error 2', '', '1 more errors are in run.json']);
});

test('the same error at several attempts is one block', () => {
  const error = (message: string): ErrorReport => ({ message, place, code: 'ALPY_X' });
  const also: ErrorReport = { message: 'c', isConsequence: true };
  expect(failureLines([error('a'), also, error('b'), error('a'), also])).toEqual([
    'a',
    '(ALPY_X, 2 times)',
    'tests/a.test.ts:12:3',
    '',
    'also: c',
    '',
    'b',
    '(ALPY_X)',
    'tests/a.test.ts:12:3',
    '',
    'also: c',
  ]);
});

test('an app that had ended may be the reason of a missed deadline, and comes right after it', () => {
  const ended: ErrorReport = {
    message: 'dns@node0: the app ended with exit status 2',
    code: 'ALPY_APP_ENDED',
    isConsequence: true,
  };
  const late: ErrorReport = { message: 'too late', code: 'ALPY_CONSOLE_TIMEOUT', place, hasMissedDeadline: true };
  const other: ErrorReport = { message: 'c', isConsequence: true };
  expect(failureLines([late, other, ended])).toEqual([
    'too late',
    '(ALPY_CONSOLE_TIMEOUT)',
    'possible reason: dns@node0: the app ended with exit status 2 (ALPY_APP_ENDED)',
    'tests/a.test.ts:12:3',
    '',
    'also: c',
  ]);
  const wrong: ErrorReport = { message: 'wrong value' };
  expect(failureLines([wrong, ended])).toEqual([
    'wrong value',
    '',
    'also: dns@node0: the app ended with exit status 2 (ALPY_APP_ENDED)',
  ]);
});

test('many consequences, and long details, are shortened', () => {
  const consequences = [1, 2, 3, 4, 5].map((n) => ({ message: `c${n}`, isConsequence: true as const }));
  expect(failureLines([{ message: 'm' }, ...consequences]).slice(2)).toEqual([
    'also: c1',
    'also: c2',
    'also: c3',
    'also: 2 more errors that followed',
  ]);
  const details = [{ title: 'T', lines: ['a', 'b', 'c'] }];
  expect(failureLines([{ message: 'm', details }], { maxDetailLines: 2 }).slice(2)).toEqual([
    'T: (the last 2 of 3)',
    '  b',
    '  c',
  ]);
});

test('hostile text is harmless in every part', () => {
  const bad = '\u001b[31m\u001b]0;x\u0007\r\nsection_start:1:a\u202e\u0000\t';
  const error: ErrorReport = {
    message: bad,
    name: bad,
    code: bad,
    place: { ...place, file: bad },
    codeFrame: bad,
    expected: bad,
    actual: bad,
    stack: `at ${bad}`,
    details: [{ title: bad, lines: [bad] }],
  };
  const all = [{ ...error, diff: bad }, error, { ...error, isConsequence: true as const }];
  for (const line of failureLines(all)) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
});

test('a style colours lines by their kind', () => {
  const lines = failureLines([{ message: 'm', place, codeFrame, diff: '- 1\n+ 2' }], {
    style: (kind, line) => `${kind} ${line.trim()}`,
  });
  expect(lines).toEqual([
    'cause m',
    'place tests/a.test.ts:12:3',
    '',
    'frame 11 | // the wrong address',
    "mark > 12 |   await ping('x');",
    'mark |   ^',
    'frame 13 | });',
    '',
    'removed - 1',
    'added + 2',
  ]);
});
