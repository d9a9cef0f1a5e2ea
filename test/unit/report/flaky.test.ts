// SPDX-License-Identifier: GPL-3.0-or-later
// Tests that passed at a retry, and tests that could not run, in all reports.
import { describe, expect, test } from 'vitest';
import { exitStatusOf, summaryLines } from '../../../src/report/index.ts';
import { junitXml } from '../../../src/report/junit.ts';
import { mergeReports } from '../../../src/report/merge.ts';
import { metricsText } from '../../../src/report/metrics.ts';
import { runReport, testReport } from './build.ts';

const flaky = testReport({ status: 'flaky', attempts: 2, errors: [{ message: 'no answer', fault: 'device' }] });

describe('a flaky test', () => {
  test('does not make a run fail, unless that is asked for', () => {
    expect(exitStatusOf({ tests: [flaky], errors: [] })).toBe(0);
    expect(exitStatusOf({ tests: [flaky], errors: [], failsOnFlaky: true })).toBe(1);
    expect(exitStatusOf({ tests: [testReport({ attempts: 3 })], errors: [], failsOnFlaky: true })).toBe(0);
  });

  test('has its own number in the last line, and a paragraph with the errors of its earlier attempts', () => {
    const lines = summaryLines(runReport([testReport(), testReport({ status: 'skipped' }), flaky]), 'alpy-out');
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 skipped, 1 flaky');
    expect(lines).toContain('FLAKY tests/forward/forward.test.ts > rabbit > forwards IPv4 (1.23 s, 2 attempts)');
    expect(lines).toContain('  no answer');
  });

  test('is no failure for JUnit, but has a property', () => {
    const xml = junitXml(runReport([flaky]), 'alpy-out');
    expect(xml).not.toMatch(/<failure|<error/);
    expect(xml).toContain('<property name="flaky" value="true"/>');
    expect(xml).toContain('<property name="attempts" value="2"/>');
    expect(junitXml(runReport([testReport()]), 'alpy-out')).not.toContain('"flaky"');
  });

  test('is counted in the metrics', () => {
    expect(metricsText(runReport([flaky, testReport()]))).toContain('alpy_tests{status="flaky"} 1\n');
  });

  test('makes merged shards fail if one of them fails on flaky tests', () => {
    const directoryOf = (directory: string): string => directory;
    const shards = [runReport([flaky]), runReport([testReport()], { failsOnFlaky: true })];
    const [first, second] = shards.map((report) => ({ report, directoryOf }));
    expect(mergeReports([first!, second!])).toMatchObject({ exitStatus: 1, failsOnFlaky: true });
    expect(mergeReports([first!])).toMatchObject({ exitStatus: 0 });
  });
});

describe('a test that could not run', () => {
  const notRun = testReport({ status: 'skipped', skipReason: 'not run: no boot', notRun: true });

  test('never leaves a run green, but any other failure decides its status', () => {
    expect(exitStatusOf({ tests: [testReport(), notRun], errors: [] })).toBe(3);
    expect(exitStatusOf({ tests: [testReport({ status: 'failed' }), notRun], errors: [] })).toBe(1);
    expect(exitStatusOf({ tests: [testReport({ status: 'skipped' })], errors: [] })).toBe(0);
  });

  test('shares a line of the summary with those of the same reason', () => {
    const other = testReport({ status: 'skipped', skipReason: 'not run: no boot' });
    expect(summaryLines(runReport([notRun, other, notRun]), 'alpy-out').slice(0, 2)).toEqual([
      'SKIPPED 2 tests: not run: no boot',
      'SKIPPED tests/forward/forward.test.ts > rabbit > forwards IPv4: not run: no boot',
    ]);
  });
});
