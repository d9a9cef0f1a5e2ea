// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { metricsText } from '../../../src/report/metrics.ts';
import { runReport, testReport } from './build.ts';

test('counts, durations and boots', () => {
  const boot = { source: 'alpy.testbed', title: 'Boot rabbit', timeMs: 0, durationMs: 8100, log: [], children: [] };
  const steps = [{ source: 'alpy.test', title: 'Prepare', timeMs: 0, durationMs: 9000, log: [], children: [boot] }];
  const tests = [
    testReport({ file: 'a.test.ts', fullName: 'says "hi" \\ and\nmore', durationMs: 12_345, steps }),
    testReport({ file: 'b.test.ts', fullName: 'b', status: 'failed', durationMs: 1, steps: [{ ...boot, error: 'no' }] }),
  ];
  expect(metricsText(runReport(tests, { durationMs: 20_000 }))).toBe(`# TYPE alpy_tests gauge
# HELP alpy_tests Number of tests by how they ended.
alpy_tests{status="passed"} 1
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
# EOF
`);
});
