// SPDX-License-Identifier: GPL-3.0-or-later
import type { RunReport, TestReport } from '../../../src/report/model.ts';

/** A test that passed, but for what `difference` says. */
export function testReport(difference: Partial<TestReport> = {}): TestReport {
  return {
    id: '1',
    name: 'forwards IPv4',
    fullName: 'rabbit > forwards IPv4',
    file: 'tests/forward/forward.test.ts',
    status: 'passed',
    durationMs: 1234.5678,
    errors: [],
    artifacts: [],
    steps: [],
    ...difference,
  };
}

/** A run of `tests`. */
export function runReport(tests: readonly TestReport[], difference: Partial<RunReport> = {}): RunReport {
  return {
    alpyVersion: '1.2.3',
    startedAt: '2026-11-24T01:02:03.000Z',
    durationMs: 65_432,
    environment: { accel: 'tcg' },
    tests,
    errors: [],
    exitStatus: 0,
    ...difference,
  };
}
