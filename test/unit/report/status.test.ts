// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { BugError, DeviceError, EnvironmentError, UsageError, type ErrorDetail, type Fault } from '../../../src/core/errors.ts';
import type { ErrorReport, TestStatus } from '../../../src/report/model.ts';
import { errorReports } from '../../../src/report/error-reports.ts';
import { exitStatusOf, faultOf, statusOf, type TestState, type ThrownError } from '../../../src/report/status.ts';
import { htmlReport, runJson, summaryLines } from '../../../src/report/index.ts';
import { junitXml } from '../../../src/report/junit.ts';
import { runReport, testReport } from './build.ts';

const by = (fault?: Fault, code?: string): ErrorReport => ({
  message: 'm',
  ...(fault ? { fault } : {}),
  ...(code === undefined ? {} : { code }),
});

test('faultOf knows whose fault an error is', () => {
  const assertion = Object.assign(new Error('1 is not 2'), { name: 'AssertionError' });
  const ofMatcher = Object.assign(new Error('expected it to be prime'), {
    __vitest_error_context__: { assertionName: 'toBePrime' },
  });
  const errors = [
    assertion,
    ofMatcher,
    new DeviceError('x'),
    new Error('Test timed out in 5000ms.\nIf this is …'),
    new Error('Hook timed out in 5000ms.'),
    new EnvironmentError('x'),
    new UsageError('x'),
    new BugError('x'),
    new TypeError('x is undefined'),
    { message: 'from elsewhere', fault: 'mine' },
  ];
  expect(errors.map(faultOf)).toEqual([
    'device',
    'device',
    'device',
    'device',
    'environment',
    'environment',
    'usage',
    'bug',
    undefined,
    undefined,
  ]);
});

test('errorReports converts an error to plain text', () => {
  const thrown = {
    name: 'AssertionError',
    message: '\u001b[31mred\u001b[39m\r\n\0',
    diff: '\u001b[32m- a',
    code: 7,
  };
  expect(errorReports(thrown)).toEqual([{ message: 'red\n', name: 'AssertionError', fault: 'device', diff: '- a' }]);
  expect(errorReports({ message: 'm', code: 'ENOENT' })).toEqual([{ message: 'm', code: 'ENOENT' }]);
});

test('if the set-up and the clean-up of a test failed, reports show both errors', () => {
  const [setUp, cleanUp] = [new EnvironmentError('no snapshot'), new Error('no room')];
  const error = new SuppressedError(cleanUp, setUp, 'An error was suppressed during disposal.');
  const fromWorker = JSON.parse(
    JSON.stringify({ ...error, name: error.name, message: error.message, suppressed: setUp, error: { message: 'no room' } }),
  ) as ThrownError;
  for (const one of [error, fromWorker]) {
    const reports = errorReports(one);
    expect(reports.map(({ message }) => message)).toEqual(['no snapshot', 'no room']);
    expect(reports[0]).toMatchObject({ fault: 'environment', code: 'ALPY_ENVIRONMENT' });
    const report = runReport([testReport({ status: 'error', errors: reports })], { errors: reports });
    for (const text of [summaryLines(report, 'out').join('\n'), htmlReport(report), junitXml(report, 'out'), runJson(report)])
      for (const cause of ['no snapshot', 'no room']) expect(text.split(cause).length).toBeGreaterThan(2); // once in the test, once outside any test
  }
});

test.for<[TestState, readonly ErrorReport[], TestStatus]>([
  ['passed', [], 'passed'],
  ['passed', [by('device')], 'passed'], // the retry succeeded
  ['skipped', [], 'skipped'],
  ['pending', [], 'error'],
  ['failed', [], 'error'],
  ['failed', [by('device')], 'failed'],
  ['failed', [by('device'), by('environment', 'ALPY_CLEANUP')], 'failed'],
  ['failed', [by('device'), by('environment', 'ALPY_NODE_DIED')], 'error'],
  ['failed', [by('device'), by()], 'failed'],
  ['failed', [by('device'), by('usage', 'ALPY_APP_ENDED')], 'failed'],
  ['failed', [by('environment', 'ALPY_CLEANUP')], 'error'],
  ['failed', [by(), by('device')], 'error'],
  ['failed', [by('bug')], 'error'],
])('a test with state %s and errors %j is %s', ([state, errors, status]) => {
  expect(statusOf(state, errors)).toBe(status);
});

test.for<[string, readonly [TestStatus, ...ErrorReport[]][], readonly ErrorReport[], number]>([
  ['an empty run', [], [], 0],
  ['passed and skipped tests', [['passed'], ['skipped']], [], 0],
  ['a test that passed at the second attempt', [['passed', by('device')]], [], 0],
  ['a failed test', [['passed'], ['failed', by('device')]], [], 1],
  [
    'a failed test beside every other error',
    [
      ['error', by('environment')],
      ['error', by('bug')],
      ['failed', by('device')],
    ],
    [by('usage')],
    1,
  ],
  ['a plain error in a test', [['error', by()]], [], 1],
  ['an error without a message', [['error']], [], 1],
  ['only environment errors', [['passed'], ['error', by('environment')]], [], 3],
  [
    'an app that ended because the environment broke',
    [['error', by('device'), by('environment'), { ...by('usage'), isConsequence: true }]],
    [],
    3,
  ],
  ['a failed assertion in a broken environment', [['error', by('device'), by('environment')]], [], 3],
  [
    'environment errors and a usage error',
    [
      ['error', by('environment')],
      ['error', by('usage')],
    ],
    [],
    2,
  ],
  [
    'a bug',
    [
      ['error', by('environment')],
      ['error', by('bug')],
    ],
    [by('usage')],
    4,
  ],
  ['an error outside any test', [['passed']], [by('environment')], 3],
])('exit status of %s', ([, tests, errors, status]) => {
  const reports = tests.map(([kind, ...own]) => testReport({ status: kind, errors: own }));
  expect(exitStatusOf({ tests: reports, errors })).toBe(status);
});

test('errorReports copies the details of an error and of a matcher, cleaned and bounded', () => {
  const details = [
    { title: 'Last lines\nof the \u001b[1mconsole', lines: ['\u001b[31mred\u0000', 'x'.repeat(5000)] },
    { title: 'many', lines: Array.from({ length: 100 }, (_, index) => `line ${index}`) },
    { title: 'without lines' },
    ...Array.from({ length: 20 }, () => ({ title: 'more', lines: [] })),
  ];
  const fromWorker = JSON.parse(JSON.stringify(new EnvironmentError('m', { details: details as ErrorDetail[] }))) as ThrownError;
  const ofMatcher = { message: 'm', __vitest_error_context__: { meta: { details } } };
  for (const error of [fromWorker, ofMatcher]) {
    const [first, second, ...rest] = errorReports(error)[0]?.details ?? [];
    expect(first).toEqual({ title: 'Last lines of the console', lines: ['red', `${'x'.repeat(500)}…`] });
    expect([second?.lines.length, second?.lines.at(-1)]).toEqual([40, 'line 99']);
    expect(rest).toHaveLength(6);
  }
  expect(errorReports({ message: 'm', details: 'none' })).toEqual([{ message: 'm' }]);
});
