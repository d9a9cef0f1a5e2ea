// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { htmlReport, junitXml, summaryLines, type TestReport } from '../../../src/report/index.ts';
import { runReport, testReport } from './build.ts';

const overload = 'programs waited for a processor 95 % of the time';
const marked = (changes: Partial<TestReport>): string[] => {
  const report = runReport([testReport({ overload, ...changes })]);
  return [summaryLines(report, 'alpy-out').join('\n'), htmlReport(report), junitXml(report, 'alpy-out')];
};

test('a test that went wrong on an overloaded machine is marked in all that people read', () => {
  for (const status of ['failed', 'error'] as const) {
    for (const text of marked({ status, errors: [{ message: 'no answer' }] }))
      expect(text).toContain('The machine was overloaded meanwhile (programs waited for a processor 95 % of the time)');
  }
});

test('one that passed is not', () => {
  for (const text of marked({ status: 'passed' })) expect(text).not.toContain('overloaded');
});
