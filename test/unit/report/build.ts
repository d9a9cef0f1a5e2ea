// SPDX-License-Identifier: GPL-3.0-or-later
import type { StepEvent } from '../../../src/core/step.ts';
import type { RunReport, StepReport, TestReport } from '../../../src/report/model.ts';

type BeginEvent = Extract<StepEvent, { readonly kind: 'begin' }>;
type EndEvent = Extract<StepEvent, { readonly kind: 'end' }>;
type LogEvent = Extract<StepEvent, { readonly kind: 'log' }>;

/** The first event of a step, which is titled like its id. */
export function begin(id: string, difference: Partial<BeginEvent> = {}): BeginEvent {
  return { kind: 'begin', id, category: 'step', title: id, source: 'alpy.qemu', timeMs: 0, ...difference };
}

/** The last event of a step, which is titled like its id. */
export function end(id: string, difference: Partial<EndEvent> = {}): EndEvent {
  return { ...begin(id), kind: 'end', durationMs: 1, ...difference };
}

/** A log line; in no step unless `difference` names one. */
export function line(text: string, difference: Partial<LogEvent> = {}): LogEvent {
  return { kind: 'log', source: 'dut', timeMs: 0, text, ...difference };
}

/** A step that has not ended. */
export function stepReport(difference: Partial<StepReport> = {}): StepReport {
  return { source: 'alpy.qemu', category: 'step', title: 'Boot', timeMs: 0, log: [], children: [], ...difference };
}

/** A test that passed, unless `difference` says otherwise. */
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
