// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestCase } from 'vitest/node';
import { notesOf } from '../core/errors.ts';
import {
  classOfAttempt,
  errorReports,
  placeAt,
  statusOf,
  worstClass,
  type ErrorReport,
  type FailureClass,
  type TestReport,
  type TestState,
  type TestStatus,
  type ThrownError,
} from '../report/index.ts';

/** How a test ended. */
export type TestOutcome = Pick<
  TestReport,
  'status' | 'failureClass' | 'errors' | 'durationMs' | 'attempts' | 'skipReason' | 'notRun' | 'line'
>;

/** Vitest's note on a cancelled test. */
const cancelledNote = 'The test run was aborted by the user.';

/** Name of Vitest's error that ends everything that a cancelled test waits for. */
const cancelledName = 'TestRunAbortError';

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
  const given = result.errors ?? [];
  const isCancelled = note === cancelledNote || (given.length > 0 && given.every(isCancellation));
  if (end && (result.state === 'pending' || isCancelled)) return { ...unrun(testCase, end), ...lineOf(testCase) };
  const { alpyNotRun: isNotRun } = testCase.meta();
  const attempts = testCase.attempts();
  const failures = attempts.filter(({ state }) => state === 'failed');
  // Vitest drops the errors of a test that is skipped at a later attempt; a failure must not become a skip
  const isFailure = result.state === 'skipped' && failures.length > 0;
  const thrown = isFailure ? failures.flatMap(({ errors = [] }) => errors) : given;
  const errors = reportsOfAll(thrown, root);
  const isFlaky = result.state === 'passed' && failures.length > 0;
  const hasFailed = isFailure || isFlaky || result.state === 'failed';
  const ofAttempts = failures.length > 0 ? failures.map((attempt) => reportsOfAll(attempt.errors)) : [errors];
  const failureClass = hasFailed ? worstClass(ofAttempts.map(classOfAttempt)) : undefined;
  return {
    status: isFlaky ? 'flaky' : statusByClass(isFailure ? 'failed' : result.state, failureClass),
    ...(failureClass === undefined ? {} : { failureClass }),
    errors,
    durationMs: testCase.diagnostic()?.duration ?? 0,
    ...(attempts.length > 1 ? { attempts: attempts.length } : {}),
    ...skipReasonOf(testCase, isFailure ? undefined : note),
    ...(isNotRun === true && result.state === 'skipped' && !isFailure ? { notRun: true } : {}),
    ...lineOf(testCase),
  };
}

/** The reports of an error. If something else explains a missed deadline, that comes first. */
function reportsOf(error: ThrownError, root?: string): readonly ErrorReport[] {
  const reports = errorReports(error, root);
  const { excuse } = notesOf(error);
  return excuse === undefined ? reports : [{ message: excuse, fault: 'environment' }, ...reports.map(asConsequence)];
}

/** The reports of an attempt's errors. A cancellation is no failure: what fails after it, such as the clean-up, decides. */
function reportsOfAll(thrown: readonly ThrownError[] = [], root?: string): readonly ErrorReport[] {
  const reports = thrown.flatMap((error) => reportsOf(error, root));
  return reports.every(isCancellation) ? reports : reports.filter((report) => !isCancellation(report));
}

function isCancellation({ name }: Pick<ErrorReport, 'name'>): boolean {
  return name === cancelledName;
}

/** The attempts of a test are judged one by one, and the worst decides. */
function statusByClass(state: TestState, failureClass: FailureClass | undefined): TestStatus {
  if (failureClass === undefined) return statusOf(state, []);
  return failureClass === 'product' ? 'failed' : 'error';
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
