// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ConsoleTimeoutError } from '../../../src/console/errors.ts';
import { errorReports, htmlReport, summaryLines, type TestReport } from '../../../src/report/index.ts';
import { junitXml } from '../../../src/report/junit.ts';
import { BootError } from '../../../src/testbed/errors.ts';
import { runReport, testReport } from './build.ts';

const overload = 'programs waited for a processor 95 % of the time';
const marked = (changes: Partial<TestReport>): string[] => {
  const report = runReport([testReport({ overload, ...changes })]);
  return [summaryLines(report, 'alpy-out').join('\n'), htmlReport(report), junitXml(report, 'alpy-out')];
};

const late = { message: 'no answer', hasMissedDeadline: true } as const;

test('a test that missed a deadline on an overloaded machine is marked in every report for people', () => {
  for (const status of ['failed', 'error'] as const) {
    for (const text of marked({ status, errors: [{ message: 'other' }, late] }))
      expect(text).toContain('The machine was overloaded during the test (programs waited for a processor 95 % of the time)');
  }
});

test('a test that passed, or failed for another reason, is not marked', () => {
  for (const changes of [
    { status: 'passed', errors: [late] },
    { status: 'error', errors: [{ message: 'Cannot read properties of undefined' }] },
    { status: 'failed', errors: [{ message: 'expected 1 to be 2', fault: 'device' }] },
  ] as const)
    for (const text of marked(changes)) expect(text).not.toContain('overloaded');
});

test('an error is a missed deadline if it or one of its causes is a time-out', () => {
  const byMatcher = (hasMissedDeadline: boolean): Error =>
    Object.assign(new Error('x'), { __vitest_error_context__: { assertionName: 'toReach', meta: { hasMissedDeadline } } });
  const polled = Object.assign(new Error('expected 1 to be 2', { cause: new Error('Matcher did not succeed in time.') }), {
    name: 'AssertionError',
  });
  const missed = [
    new ConsoleTimeoutError('console', 'a prompt', 5, ''),
    new BootError('did not boot', { cause: new ConsoleTimeoutError('console', 'a prompt', 5, '') }),
    new DOMException('x', 'TimeoutError'),
    new Error('Test timed out in 5000ms.'),
    byMatcher(true),
    polled,
  ];
  const others = [
    new TypeError('x is undefined'),
    new BootError('did not boot', { cause: new Error('panic') }),
    Object.assign(new Error('expected 1 to be 2'), { name: 'AssertionError' }),
    byMatcher(false),
  ];
  const marks = [...missed, ...others].flatMap((error) => errorReports(error).map((report) => report.hasMissedDeadline));
  expect(marks).toEqual([...missed.map(() => true), ...others.map(() => undefined)]);
});
