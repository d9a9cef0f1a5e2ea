// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { metricsText, writeMetrics } from '../../../src/report/metrics.ts';
import { runReport, stepReport, testReport } from './build.ts';

test('metrics have numbers of tests, durations and boots', () => {
  const boot = stepReport({ category: 'testbed.boot', title: 'Start rabbit', durationMs: 8100 });
  const other = stepReport({ source: 'alpy.testbed', title: 'Boot rabbit', durationMs: 900 }); // called like a boot
  const steps = [other, stepReport({ title: 'Prepare', durationMs: 9000, children: [boot] })];
  const tests = [
    testReport({ file: 'a.test.ts', fullName: 'says "hi" \\ and\nmore', durationMs: 12_345, steps }),
    testReport({ file: 'b.test.ts', fullName: 'b', status: 'failed', durationMs: 1, steps: [{ ...boot, error: 'no' }] }),
  ];
  expect(metricsText(runReport(tests, { durationMs: 20_000 }))).toBe(`# TYPE alpy_tests gauge
# HELP alpy_tests Number of tests by how they ended.
alpy_tests{status="passed"} 1
alpy_tests{status="flaky"} 0
alpy_tests{status="failed"} 1
alpy_tests{status="error"} 0
alpy_tests{status="skipped"} 0
# TYPE alpy_run_duration_seconds gauge
# UNIT alpy_run_duration_seconds seconds
# HELP alpy_run_duration_seconds Duration of the run.
alpy_run_duration_seconds 20.000
# TYPE alpy_test_duration_seconds gauge
# UNIT alpy_test_duration_seconds seconds
# HELP alpy_test_duration_seconds Duration of each test, its testbed included.
alpy_test_duration_seconds{file="a.test.ts",test="says \\"hi\\" \\\\ and\\nmore"} 12.345
alpy_test_duration_seconds{file="b.test.ts",test="b"} 0.001
# TYPE alpy_boot_duration_seconds gauge
# UNIT alpy_boot_duration_seconds seconds
# HELP alpy_boot_duration_seconds Duration of the first boot of the appliance in each test.
alpy_boot_duration_seconds{file="a.test.ts",test="says \\"hi\\" \\\\ and\\nmore"} 8.100
# TYPE alpy_boot_duration_median_seconds gauge
# UNIT alpy_boot_duration_median_seconds seconds
# HELP alpy_boot_duration_median_seconds Median of the durations of the first boots.
alpy_boot_duration_median_seconds 8.100
# EOF
`);
});

test.each([
  [[3000, 1000, 2000], '2.000'],
  [[4000, 1000, 2000, 3000], '2.500'],
])('the median of boots that took %j ms is %s s', (boots, median) => {
  const text = metricsText(
    runReport(boots.map((durationMs) => testReport({ steps: [stepReport({ category: 'testbed.boot', durationMs })] }))),
  );
  expect(text).toContain(`\nalpy_boot_duration_median_seconds ${median}\n`);
});

test('without boots there are no metrics of boots', () => {
  const text = metricsText(runReport([]));
  expect(text).not.toContain('boot');
  expect(text.endsWith('its testbed included.\n# EOF\n')).toBe(true);
});

test('names with special characters neither break lines nor repeat a series', () => {
  const names = ['a\u001b[0m\r\u2028', 'a\\e[0m\\r\\u2028', 'same', 'same'];
  const text = metricsText(runReport(names.map((fullName) => testReport({ file: 'f', fullName, durationMs: 0 }))));
  expect(text.split('\n').filter((line) => line.startsWith('alpy_test_'))).toEqual([
    'alpy_test_duration_seconds{file="f",test="a\\\\e[0m\\\\r\\\\u2028"} 0.000',
    'alpy_test_duration_seconds{file="f",test="a\\\\e[0m\\\\r\\\\u2028 (2)"} 0.000',
    'alpy_test_duration_seconds{file="f",test="same"} 0.000',
    'alpy_test_duration_seconds{file="f",test="same (2)"} 0.000',
  ]);
});

test('writeMetrics writes metrics.txt', async () => {
  const out = await mkdtemp(join(tmpdir(), 'alpy-metrics-'));
  onTestFinished(() => rm(out, { recursive: true }));
  await writeMetrics(out, runReport([]));
  expect(await readFile(join(out, 'metrics.txt'), 'utf8')).toBe(metricsText(runReport([])));
});
