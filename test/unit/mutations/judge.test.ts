// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { judge } from '../../mutations/judge.ts';
import { testReport } from '../report/build.ts';

const mutation = { folder: 'a', test: 'b', wrong: 'c', replace: ['d', 'e'], says: 'expected f' } as const;
const failed = testReport({ status: 'failed', failureClass: 'product', errors: [{ message: 'expected f, got g' }] });

test('a mistake is noticed if the test fails, blames the device and says what it expected', () => {
  expect(judge(mutation, failed)).toEqual({ message: 'expected f, got g' });
  expect(judge(mutation, { ...failed, failureClass: 'timeout under load' })).toEqual({ message: 'expected f, got g' });
});

test.each([
  ['no result', undefined, 'the test has no result'],
  ['a test that passes', testReport({ status: 'passed' }), 'the test passed'],
  ['another message', { ...failed, errors: [{ message: 'no' }] }, 'expected a message with "expected f"'],
  ['another class', { ...failed, failureClass: 'usage' as const }, 'expected the device to be blamed, got usage'],
])('a mistake is missed by %s', (_, report, problem) => {
  expect(judge(mutation, report)).toMatchObject({ problem });
});
