// SPDX-License-Identifier: GPL-3.0-or-later
import { partsOf, statusByFault, type Fault } from '../core/errors.ts';
import type { ErrorReport, RunReport, TestReport, TestStatus } from './model.ts';
import { capText, plainLines } from './text.ts';

/** An error as Vitest hands it on: fields of its own survive the way from the worker. */
export interface ThrownError {
  readonly name?: string | undefined;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly diff?: string | undefined;
  readonly code?: unknown;
  readonly fault?: unknown;
  readonly cause?: unknown;
  /** what Vitest puts into the error of a matcher, its own and those of `expect.extend` */
  readonly __vitest_error_context__?: unknown;
}

const faults: ReadonlySet<unknown> = new Set<Fault>(['usage', 'environment', 'device', 'bug']);

/**
 * Whose fault an error is, if anybody can tell. An assertion that did not hold is the device's. So is the time-out of a
 * test's body: set-up has its own deadlines and had succeeded, what was still missing is an answer of the device. The
 * time-out of a hook is not: hooks make and clear away the testbed.
 */
export function faultOf(error: ThrownError): Fault | undefined {
  if (faults.has(error.fault)) return error.fault as Fault;
  const isAssertion = error.name === 'AssertionError' || '__vitest_error_context__' in error;
  if (isAssertion || error.message.startsWith('Test timed out in ')) return 'device';
  return error.message.startsWith('Hook timed out in ') ? 'environment' : undefined;
}

/** How Vitest's own messages about a missed deadline begin: of tests, hooks, and `expect.poll`. */
const timedOut =
  /^(?:Test|Hook) timed out in |^The \w+ phase of "\w+" hook timed out|^Matcher did not succeed in time|^Timed out in wait/;

/** Whether an error, or what caused it, is that something did not happen in time. */
function hasMissedDeadline(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 10) return false;
  const { code, name, message, cause, __vitest_error_context__: context } = error as Partial<ThrownError>;
  if (typeof code === 'string' && code.endsWith('_TIMEOUT')) return true;
  if (name === 'TimeoutError' || (typeof message === 'string' && timedOut.test(message))) return true;
  return isOfMatcherThatWaited(context) || hasMissedDeadline(cause, depth + 1);
}

/** See `MatcherResult` of the matchers. */
function isOfMatcherThatWaited(context: unknown): boolean {
  if (typeof context !== 'object' || context === null || !('meta' in context)) return false;
  const { meta } = context;
  return typeof meta === 'object' && meta !== null && 'hasMissedDeadline' in meta && meta.hasMissedDeadline === true;
}

/** Most errors of one test, and longest texts of one, in characters: all of them are in memory until the run ends. */
const maxErrors = 100;
const maxTextLength = 65_536;

/** Makes plain, printable data of an error: of each that it stands for, if there are several. See {@link partsOf}. */
export function errorReports(error: ThrownError): readonly ErrorReport[] {
  const parts = partsOf(error);
  const more = parts.length - maxErrors;
  const left = more > 0 ? [{ message: `${more} more errors were left out` }] : [];
  return [...parts.slice(0, maxErrors).map((part) => errorReport(thrown(part))), ...left];
}

/** Anything can be thrown. */
function thrown(part: unknown): ThrownError {
  const isError = typeof part === 'object' && part !== null && 'message' in part && typeof part.message === 'string';
  return isError ? (part as ThrownError) : { message: String(part) };
}

/** Makes plain, printable data of one error. */
function errorReport(error: ThrownError): ErrorReport {
  const fault = faultOf(error);
  return {
    message: plain(error.message),
    ...(error.stack === undefined ? {} : { stack: plain(error.stack) }),
    ...(typeof error.code === 'string' ? { code: error.code } : {}),
    ...(fault === undefined ? {} : { fault }),
    ...(hasMissedDeadline(error) ? { hasMissedDeadline: true } : {}),
    ...(error.diff === undefined ? {} : { diff: plain(error.diff) }),
  };
}

function plain(text: string): string {
  return plainLines(capText(text, maxTextLength));
}

/** State of a test in Vitest's words; `pending` is one that never came to its end. */
export type TestState = 'passed' | 'failed' | 'skipped' | 'pending';

/**
 * How a test ended, from Vitest's state (which knows of retries that went well) and the errors in the order in which
 * they were thrown. The first error decides, since the others mostly follow from it; but what a test saw in an
 * environment that broke says nothing about the device, so one environment error makes an `error` of the whole, unless
 * clearing up is all that went wrong there.
 */
export function statusOf(state: TestState, errors: readonly ErrorReport[]): TestStatus {
  if (state === 'passed' || state === 'skipped') return state;
  const isBroken = errors.some(({ fault, code }) => fault === 'environment' && code !== 'ALPY_CLEANUP');
  return state === 'failed' && errors[0]?.fault === 'device' && !isBroken ? 'failed' : 'error';
}

/**
 * Exit status of a run. A failed test (1) wins over everything, so that a pipeline which forgives or retries 3 never
 * hides a broken device. Without one: a bug of ours (4), then a mistake of the user (2), then the environment (3), in
 * the order in which a second try is less likely to help. So 3 means that the environment was all that went wrong.
 * An empty run is 0, as a shard may be empty: who calls must refuse a filter that matches nothing.
 */
export function exitStatusOf({ tests, errors }: Pick<RunReport, 'tests' | 'errors'>): number {
  const seen = new Set([...tests.flatMap(statusOfTest), ...errors.map(statusOfError)]);
  return [1, 4, 2, 3].find((status) => seen.has(status)) ?? 0;
}

function statusOfTest({ status, errors }: TestReport): readonly number[] {
  if (status === 'passed' || status === 'skipped') return [];
  if (status === 'failed' || errors.length === 0) return [1];
  // a test called an error although its assertions failed: the environment broke under it
  const others = errors.filter(({ fault }) => fault !== 'device');
  return (others.length > 0 ? others : errors).map(statusOfError);
}

function statusOfError({ fault }: ErrorReport): number {
  // an error that nobody can be blamed for comes from a test's own code
  return fault === undefined ? 1 : statusByFault[fault];
}
