// SPDX-License-Identifier: GPL-3.0-or-later
import { statusByFault, type Fault } from '../core/errors.ts';
import type { ErrorReport, RunReport, TestReport, TestStatus } from './model.ts';
import type { PlacedError } from './source-place.ts';

/** An error as Vitest passes it on. The error's own fields survive the way from the worker. */
export interface ThrownError extends PlacedError {
  readonly name?: string | undefined;
  readonly diff?: string | undefined;
  /** by Vitest, as text */
  readonly expected?: unknown;
  /** by Vitest, as text */
  readonly actual?: unknown;
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

/** Vitest's state of a test. `pending` means that it never ended. */
export type TestState = 'passed' | 'failed' | 'skipped' | 'pending';

/** Whether a test did not pass and was not skipped. */
export function hasFailed({ status }: Pick<TestReport, 'status'>): boolean {
  return status === 'failed' || status === 'error';
}

/** The part of an error that decides how a test ended. */
export type DecisiveError = Pick<ErrorReport, 'fault' | 'code' | 'isUnderLoad'>;

/**
 * The error that decides how a test ended: the first one, because the others usually follow from it. But if something was late under
 * load and the guest is lost, that explains it: a busy machine makes no guest panic or power off. Pure.
 * @param errors - in the order in which they were thrown
 */
export function decidingError<T extends DecisiveError>(errors: readonly T[]): T | undefined {
  const [first] = errors;
  const lost = first?.isUnderLoad === true ? errors.find(({ code }) => code === 'ALPY_GUEST_LOST') : undefined;
  return lost ?? first;
}

/**
 * How a test ended, from Vitest's state (which counts a successful retry as passed) and its errors; see {@link decidingError}. A test
 * in a broken environment says nothing about the device, so an environment error makes it an `error`, unless only the clean-up failed.
 */
export function statusOf(state: TestState, errors: readonly DecisiveError[]): TestStatus {
  if (state === 'passed' || state === 'skipped') return state;
  return state === 'failed' && decidingError(errors)?.fault === 'device' && !errors.some(isBroken) ? 'failed' : 'error';
}

/** Whether an error says that the environment of a test broke. A late answer under load does not. */
export function isBroken({ fault, code, isUnderLoad }: DecisiveError): boolean {
  return fault === 'environment' && code !== 'ALPY_CLEANUP' && isUnderLoad !== true;
}

/**
 * Exit status of a run. Precedence: a failed test (1), a bug of alpy (4), a mistake of the user (2), the environment (3). A failed
 * test comes first, so that a pipeline that allows or retries 3 never hides a broken device. 3 means that nothing but the
 * environment went wrong, so a retry may help; a test that could not run counts as such. An empty run is 0, because a shard may be
 * empty; callers must reject a filter that matches nothing.
 */
export function exitStatusOf({ tests, errors, failsOnFlaky }: Pick<RunReport, 'tests' | 'errors' | 'failsOnFlaky'>): number {
  const flaky = failsOnFlaky === true && tests.some(({ status }) => status === 'flaky') ? [1] : [];
  const seen = new Set([...tests.flatMap(statusOfTest), ...errors.map(statusOfError), ...flaky]);
  return [1, 4, 2, 3].find((status) => seen.has(status)) ?? 0;
}

function statusOfTest(test: TestReport): readonly number[] {
  if (test.notRun === true) return [statusByFault.environment];
  if (!hasFailed(test)) return [];
  const { status, errors } = test;
  if (status === 'failed' || errors.length === 0) return [1];
  // an `error` despite a failed assertion: the environment broke during the test, and programs of the test ended because of that
  const isEnvironment = errors.some(isBroken);
  const others = errors.filter(
    ({ fault, isConsequence }) => fault !== 'device' && !(isEnvironment && fault === 'usage' && isConsequence === true),
  );
  return (others.length > 0 ? others : errors).map(statusOfError);
}

function statusOfError({ fault }: ErrorReport): number {
  // an error without a fault comes from a test's own code
  return fault === undefined ? 1 : statusByFault[fault];
}
