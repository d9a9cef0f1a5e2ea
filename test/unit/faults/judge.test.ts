// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { TestReport } from '../../../src/report/index.ts';
import { judge, type Observation } from '../../faults/judge.ts';
import type { FaultKind } from '../../faults/kinds/kind.ts';

const kind: FaultKind = {
  name: 'kill',
  phases: ['test'],
  expected: { statuses: [3], causes: [{ code: 'ALPY_CONTAINER_DIED', fault: 'environment' }] },
  inject: () => Promise.resolve(),
};
const harmless: FaultKind = { ...kind, harmless: 'a reason' };
const all = ['a', 'b', 'c'].map((name) => `t.ts > ${name}`);

function report(name: string, status: TestReport['status'], code?: string): TestReport {
  const errors = code === undefined ? [] : [{ message: '', code, fault: 'environment' as const }];
  return { id: name, name, fullName: name, file: 't.ts', status, durationMs: 1, errors, artifacts: [], steps: [] };
}

function seen(
  changes: Partial<Observation> = {},
  tests: readonly TestReport[] = [report('a', 'error', 'ALPY_CONTAINER_DIED')],
): Observation {
  const reports = { run: { tests, errors: [], exitStatus: 3 }, stored: [], hasJunit: true, withoutFiles: [] };
  return { phase: 'test', status: 3, endedBefore: [], hadBegun: true, reports, left: [], disturbed: [], ...changes };
}

test('a run that fails with the expected status and cause is correct', () => {
  expect(judge(kind, seen())).toEqual({ verdict: 'correct', problems: [] });
});

test('a run that passes is wrong, unless the fault may be harmless or came after the last result', () => {
  expect(judge(kind, seen({ status: 0 })).verdict).toBe('wrong');
  expect(judge(harmless, seen({ status: 0 })).verdict).toBe('survived');
  expect(judge({ ...harmless, harmlessIn: ['tear-down'] }, seen({ status: 0 })).verdict).toBe('wrong');
  expect(
    judge(
      kind,
      seen(
        { status: 0, endedBefore: all },
        ['a', 'b', 'c'].map((name) => report(name, 'passed')),
      ),
    ).verdict,
  ).toBe('survived');
});

test.each([
  ['has another status', { status: 1 }],
  ['did not end', { status: undefined }],
  ['left something behind', { left: ['container x'] }],
  ['disturbed another testbed', { disturbed: ['x is gone'] }],
  ['lost a result', { endedBefore: ['t.ts > b'] }],
])('a run that %s is wrong', (_, changes) => {
  const { status, ...rest } = seen();
  const observed = { ...rest, ...(status === undefined ? {} : { status }), ...changes };
  expect(judge(kind, observed as Observation).verdict).toBe('wrong');
});

test('a run that names another cause, or writes no report, is wrong', () => {
  expect(judge(kind, seen({}, [report('a', 'error', 'ALPY_BOOT')])).verdict).toBe('wrong');
  const reports = { stored: [], hasJunit: true, withoutFiles: [] };
  expect(judge(kind, seen({ reports })).verdict).toBe('wrong');
});

test('a killed run needs no reports, but must have stored the results of tests that had ended', () => {
  const killed: FaultKind = { ...kind, expected: { statuses: ['SIGKILL'] }, losesReports: true };
  const reports = (stored: readonly string[]): Observation['reports'] => ({ stored, hasJunit: false, withoutFiles: [] });
  const observed = { status: 'SIGKILL' as const, endedBefore: ['t.ts > a'] };
  expect(judge(killed, seen({ ...observed, reports: reports(['t.ts > a']) })).verdict).toBe('correct');
  expect(judge(killed, seen({ ...observed, reports: reports([]) })).verdict).toBe('wrong');
});

test('a passed test may not change its result after the last one', () => {
  const observed = seen({ endedBefore: all, status: 3 }, [report('a', 'passed'), report('b', 'passed'), report('c', 'error')]);
  expect(judge(kind, observed).verdict).toBe('wrong');
});

test('a device that does not answer may count as late under load, but only if that was measured', () => {
  const guest: FaultKind = { ...kind, expected: { statuses: [1], causes: [{ code: 'ALPY_CONSOLE_TIMEOUT', fault: 'device' }] } };
  const late = (isUnderLoad: boolean): TestReport => ({
    ...report('a', 'error'),
    errors: [{ message: '', code: 'ALPY_CONSOLE_TIMEOUT', fault: 'environment', ...(isUnderLoad ? { isUnderLoad } : {}) }],
  });
  expect(judge(guest, seen({}, [late(true)])).verdict).toBe('correct');
  expect(judge(guest, seen({}, [late(false)])).verdict).toBe('wrong');
  expect(judge(kind, seen({}, [late(true)])).verdict).toBe('wrong');
});

test('a run in which a test took longer than a campaign, or less than no time, is wrong', () => {
  for (const durationMs of [-1, 12 * 3_600_000]) {
    const tests = [{ ...report('a', 'error', 'ALPY_CONTAINER_DIED'), durationMs }];
    expect(judge(kind, seen({}, tests)).verdict).toBe('wrong');
  }
});
