// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestCase } from 'vitest/node';
import { errorReports, placeAt, statusOf, type ErrorReport, type TestReport } from '../report/index.ts';

/** How a test ended. */
export type TestOutcome = Pick<TestReport, 'status' | 'errors' | 'durationMs' | 'attempts' | 'skipReason' | 'notRun' | 'line'>;

/** Vitest's note on a cancelled test. */
const cancelledNote = 'The test run was aborted by the user.';

/** Why a run ends before all of its tests have run. */
export interface EarlyEnd {
  readonly reason: string;
  /** whether tests that have not run count as such: nobody asked for the end */
  readonly notRun: boolean;
}

/**
 * The result of a test from Vitest, with what alpy's worker found out.
 * @param root - folder relative to which places in files are named
 */
export function outcomeOf(testCase: TestCase, root: string, end: EarlyEnd | undefined): TestOutcome {
  const result = testCase.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  const isUnrun = end !== undefined && (result.state === 'pending' || note === cancelledNote);
  if (isUnrun) return { ...unrun(testCase, end), ...lineOf(testCase) };
  const { alpyBlame: blame, alpyNotRun: isNotRun } = testCase.meta();
  const attempts = testCase.attempts();
  const failures = attempts.filter(({ state }) => state === 'failed');
  // Vitest drops the errors of a test that is skipped at a later attempt; a failure must not become a skip
  const isFailure = result.state === 'skipped' && failures.length > 0;
  const thrown = isFailure ? failures.flatMap(({ errors = [] }) => errors) : (result.errors ?? []);
  const reports = thrown.flatMap((error) => errorReports(error, root));
  const errors = blame === undefined ? reports : [blamed(blame), ...reports.map(asConsequence)];
  const isFlaky = result.state === 'passed' && failures.length > 0;
  return {
    status: isFlaky ? 'flaky' : statusOf(isFailure ? 'failed' : result.state, errors),
    errors,
    durationMs: testCase.diagnostic()?.duration ?? 0,
    ...(attempts.length > 1 ? { attempts: attempts.length } : {}),
    ...skipReasonOf(testCase, isFailure ? undefined : note),
    ...(isNotRun === true && result.state === 'skipped' && !isFailure ? { notRun: true } : {}),
    ...lineOf(testCase),
  };
}

function blamed(message: string): ErrorReport {
  return { message, fault: 'environment' };
}

function unrun(testCase: TestCase, { reason, notRun }: EarlyEnd): TestOutcome {
  const durationMs = testCase.diagnostic()?.duration ?? 0;
  return { status: 'skipped', errors: [], durationMs, skipReason: reason, ...(notRun ? { notRun: true } : {}) };
}

function skipReasonOf(testCase: TestCase, note: string | undefined): Pick<TestReport, 'skipReason'> {
  if (note !== undefined) return { skipReason: note };
  return testCase.options.mode === 'todo' ? { skipReason: 'todo' } : {};
}

/** The line of the test's call in its file. */
export function lineOf({ location }: TestCase): Pick<TestReport, 'line'> {
  return location === undefined ? {} : { line: location.line };
}

/**
 * The error with the place of the test's call, unless it has a place or follows from another error. Timeouts and failed set-ups have none.
 * @param root - folder relative to which the file is named
 */
export function placedAtTest(error: ErrorReport, { module, location }: TestCase, root: string): ErrorReport {
  if (error.place !== undefined || error.isConsequence === true || location === undefined) return error;
  return { ...error, ...placeAt({ file: module.moduleId, ...location }, root) };
}

function asConsequence(error: ErrorReport): ErrorReport {
  return { ...error, isConsequence: true };
}
