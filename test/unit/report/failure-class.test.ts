// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { annotate } from '../../../src/core/errors.ts';
import { ConsoleTimeoutError } from '../../../src/console/errors.ts';
import { classOfAttempt, isOfEnvironment, worstClass } from '../../../src/report/failure-class.ts';
import type { DecisiveError } from '../../../src/report/status.ts';
import { errorReports, htmlReport, runJson, summaryLines, type TestReport } from '../../../src/report/index.ts';
import { noteText } from '../../../src/gitlab/note.ts';
import { junitXml } from '../../../src/report/junit.ts';
import { runReport, testReport } from './build.ts';

const device: DecisiveError = { fault: 'device' };
const environment: DecisiveError = { fault: 'environment' };
const late: DecisiveError = { fault: 'environment', isUnderLoad: true };

test.each<[string, DecisiveError[]]>([
  ['product', [device]],
  ['product', [device, { fault: 'usage' }]],
  ['product', [device, late]], // what follows a failed assertion does not excuse it
  ['product', [device, { fault: 'environment', code: 'ALPY_CLEANUP' }]],
  ['environment', [environment, device]],
  ['environment', [device, environment]],
  ['timeout under load', [late, device]],
  ['product', [late, { fault: 'device', code: 'ALPY_GUEST_LOST' }]], // a guest that panicked is late on every machine
  ['usage', [{ fault: 'usage' }, device]],
  ['harness', [{ fault: 'bug' }]],
  ['test', [{}, device]],
  ['test', []],
])('an attempt is of class "%s" with the errors %j', (expected, errors) => {
  expect(classOfAttempt(errors)).toBe(expected);
});

test('of several attempts the worst decides, so that no retry hides a broken device', () => {
  expect(worstClass(['environment', 'product', 'timeout under load'])).toBe('product');
  expect(worstClass(['timeout under load', 'environment'])).toBe('environment');
  expect(worstClass(['environment', 'usage', 'harness'])).toBe('harness');
  expect(worstClass([])).toBeUndefined();
});

test('only errors of the environment and timeouts under load are those of the environment', () => {
  const classes = ['product', 'harness', 'usage', 'test', 'environment', 'timeout under load'] as const;
  expect(classes.filter(isOfEnvironment)).toEqual(['environment', 'timeout under load']);
});

test('a timeout under load is one of the environment, and the measurements are its first detail', () => {
  const error = new ConsoleTimeoutError('console', 'a prompt', 5, 'the last output');
  annotate(error, { load: ['programs waited for a processor 97 % of the time'] });
  const [report] = errorReports(error);
  expect(report).toMatchObject({ code: 'ALPY_CONSOLE_TIMEOUT', fault: 'environment', isUnderLoad: true });
  expect(report?.details?.[0]?.lines).toEqual(['programs waited for a processor 97 % of the time']);
  expect(report?.details).toHaveLength(2);
  expect(errorReports(new ConsoleTimeoutError('console', 'a prompt', 5, ''))[0]).toMatchObject({ fault: 'device' });
});

function allReports(changes: Partial<TestReport>): string[] {
  const report = runReport([testReport(changes)]);
  const note = noteText('alpy', [{ report, jobUrl: 'https://gitlab.test/jobs/1', outPath: 'alpy-out' }]);
  return [summaryLines(report, 'alpy-out').join('\n'), htmlReport(report), note, junitXml(report, 'alpy-out'), runJson(report)];
}

test('every report names the class of a failed test', () => {
  for (const text of allReports({ status: 'error', failureClass: 'timeout under load', errors: [{ message: 'late' }] }))
    expect(text).toContain('timeout under load');
});

test('a test that passed after an error of the environment shows that error', () => {
  const flaky = { status: 'flaky', failureClass: 'environment', attempts: 2, errors: [{ message: 'no daemon' }] } as const;
  const [summary, page, note, junit, json] = allReports(flaky);
  for (const text of [summary, page, note]) expect(text).toContain('Passed at attempt 2 after an environment error: no daemon');
  for (const text of [junit, json]) expect(text).toContain('environment');
});
