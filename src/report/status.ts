// SPDX-License-Identifier: GPL-3.0-or-later
import { partsOf, statusByFault, type Fault } from '../core/errors.ts';
import { detailsOf } from './error-details.ts';
import type { ErrorReport, RunReport, TestReport, TestStatus } from './model.ts';
import { capText, plainLines } from './text.ts';

/** An error as Vitest passes it on. The error's own fields survive the way from the worker. */
export interface ThrownError {
  readonly name?: string | undefined;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly diff?: string | undefined;
  readonly code?: unknown;
  readonly fault?: unknown;
  readonly cause?: unknown;
  readonly details?: unknown;
  /** set by Vitest in errors of matchers, also of those from `expect.extend` */
  readonly __vitest_error_context__?: unknown;
}

const faults: ReadonlySet<unknown> = new Set<Fault>(['usage', 'environment', 'device', 'bug']);

/**
 * Whose fault an error is; `undefined` if unknown. A failed assertion is the device's fault. So is the time-out of a test's body: the
 * set-up, which has its own deadlines, had succeeded, so the test was waiting for the device. The time-out of a hook is the
 * environment's fault, because hooks set the testbed up and tear it down.
 */
export function faultOf(error: ThrownError): Fault | undefined {
  if (faults.has(error.fault)) return error.fault as Fault;
  const isAssertion = error.name === 'AssertionError' || '__vitest_error_context__' in error;
  if (isAssertion || error.message.startsWith('Test timed out in ')) return 'device';
  return error.message.startsWith('Hook timed out in ') ? 'environment' : undefined;
}

/** How Vitest's messages about missed deadlines of tests, hooks and `expect.poll` begin. */
const timedOut =
  /^(?:Test|Hook) timed out in |^The \w+ phase of "\w+" hook timed out|^Matcher did not succeed in time|^Timed out in wait/;

/** Whether an error or one of its causes is a missed deadline. */
function hasMissedDeadline(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 10) return false;
  const { code, name, message, cause, __vitest_error_context__: context } = error as Partial<ThrownError>;
  if (typeof code === 'string' && code.endsWith('_TIMEOUT')) return true;
  if (name === 'TimeoutError' || (typeof message === 'string' && timedOut.test(message))) return true;
  return isMatcherTimeout(context) || hasMissedDeadline(cause, depth + 1);
}

/** See `MatcherResult` of the matchers. */
function isMatcherTimeout(context: unknown): boolean {
  if (typeof context !== 'object' || context === null || !('meta' in context)) return false;
  const { meta } = context;
  return typeof meta === 'object' && meta !== null && 'hasMissedDeadline' in meta && meta.hasMissedDeadline === true;
}

/** Most errors of one test, and longest text of an error, in characters. They stay in memory until the run ends. */
const maxErrors = 100;
const maxTextLength = 65_536;

/** Converts an error to plain, printable data. One that stands for several becomes several, see {@link partsOf}. */
export function errorReports(error: ThrownError): readonly ErrorReport[] {
  const parts = partsOf(error);
  const more = parts.length - maxErrors;
  const note = more > 0 ? [{ message: `${more} more errors were left out` }] : [];
  return [...parts.slice(0, maxErrors).map((part) => errorReport(thrown(part))), ...note];
}

/** Wraps a thrown value that is not an error. */
function thrown(part: unknown): ThrownError {
  const isError = typeof part === 'object' && part !== null && 'message' in part && typeof part.message === 'string';
  return isError ? (part as ThrownError) : { message: String(part) };
}

function errorReport(error: ThrownError): ErrorReport {
  const fault = faultOf(error);
  const details = detailsOf(error);
  return {
    message: plain(error.message),
    ...(error.stack === undefined ? {} : { stack: plain(error.stack) }),
    ...(typeof error.code === 'string' ? { code: error.code } : {}),
    ...(fault === undefined ? {} : { fault }),
    ...(hasMissedDeadline(error) ? { hasMissedDeadline: true } : {}),
    ...(error.diff === undefined ? {} : { diff: plain(error.diff) }),
    ...(details.length === 0 ? {} : { details }),
  };
}

function plain(text: string): string {
  return plainLines(capText(text, maxTextLength));
}

/** Vitest's state of a test. `pending` means that it never ended. */
export type TestState = 'passed' | 'failed' | 'skipped' | 'pending';

/** Whether a test did not pass and was not skipped. */
export function hasFailed({ status }: Pick<TestReport, 'status'>): boolean {
  return status === 'failed' || status === 'error';
}

/**
 * How a test ended, from Vitest's state (which counts a successful retry as passed) and its errors in the order in which they were
 * thrown. The first error decides, because the others usually follow from it. But a test in a broken environment says nothing about
 * the device, so an environment error makes it an `error`, unless only the clean-up failed.
 */
export function statusOf(state: TestState, errors: readonly ErrorReport[]): TestStatus {
  if (state === 'passed' || state === 'skipped') return state;
  const isBroken = errors.some(({ fault, code }) => fault === 'environment' && code !== 'ALPY_CLEANUP');
  return state === 'failed' && errors[0]?.fault === 'device' && !isBroken ? 'failed' : 'error';
}

/**
 * Exit status of a run. Precedence: a failed test (1), a bug of alpy (4), a mistake of the user (2), the environment (3). A failed
 * test comes first, so that a pipeline that allows or retries 3 never hides a broken device. 3 means that nothing but the
 * environment went wrong, so a retry may help. An empty run is 0, because a shard may be empty; callers must reject a filter that
 * matches nothing.
 */
export function exitStatusOf({ tests, errors }: Pick<RunReport, 'tests' | 'errors'>): number {
  const seen = new Set([...tests.flatMap(statusOfTest), ...errors.map(statusOfError)]);
  return [1, 4, 2, 3].find((status) => seen.has(status)) ?? 0;
}

function statusOfTest(test: TestReport): readonly number[] {
  if (!hasFailed(test)) return [];
  const { status, errors } = test;
  if (status === 'failed' || errors.length === 0) return [1];
  // an `error` despite a failed assertion: the environment broke during the test
  const others = errors.filter(({ fault }) => fault !== 'device');
  return (others.length > 0 ? others : errors).map(statusOfError);
}

function statusOfError({ fault }: ErrorReport): number {
  // an error without a fault comes from a test's own code
  return fault === undefined ? 1 : statusByFault[fault];
}
