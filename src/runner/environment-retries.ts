// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestContext } from 'vitest';
import { partsOf } from '../core/errors.ts';
import { classOfAttempt, isOfEnvironment } from '../report/failure-class.ts';
import { faultOf, type ThrownError } from '../report/status.ts';
import { notesOf } from '../core/errors.ts';

type Test = TestContext['task'];

/** A test file, a group or a test, as far as it is used here. */
interface Task {
  readonly type: string;
  readonly tasks?: readonly Task[];
}

/** Failed attempts of a test so far. */
interface Failures {
  /** their errors in Vitest's form */
  readonly errors?: readonly ThrownError[] | undefined;
}

/** Gives all tests of a file further attempts after failures of the environment. To be called before they run. */
export function allowEnvironmentRetries(task: Task, most: number): void {
  if (most === 0) return;
  if (task.type === 'test') extendRetries(task as unknown as Test, most);
  for (const child of task.tasks ?? []) allowEnvironmentRetries(child, most);
}

/** Vitest declares the property as read-only, but reads it when it runs the test. */
function extendRetries(test: Test, most: number): void {
  const { retry = 0 } = test;
  const { count = 0, delay = 0, condition } = typeof retry === 'number' ? { count: retry } : retry;
  const meets = (error: ThrownError): boolean =>
    condition === undefined || (condition instanceof RegExp ? condition.test(error.message) : condition(error as never));
  const mayRetry = (error: ThrownError): boolean => {
    const failures = attemptsOf(test).map(({ errors = [] }) => isEnvironmentFailure(errors));
    if (failures.at(-1) !== true && !meets(error)) return false;
    return isRetried(failures, count, most);
  };
  Object.assign(test, { retry: { count: count + most, delay, condition: mayRetry } });
}

/** The failed attempts of the present repetition. */
function attemptsOf({ result }: Test): readonly Failures[] {
  const repeat = result?.repeatCount ?? 0;
  return (result?.attempts ?? []).filter(({ state, repeatIndex }) => state === 'fail' && repeatIndex === repeat);
}

/**
 * Whether a test is run again. Failures of the environment use up their own attempts first, all others only the ordinary ones. Pure.
 * @param failures - for each failed attempt, whether the environment was to blame
 * @param retries - how often it is retried after any failure
 * @param environmentRetries - how often in addition after one of the environment
 */
export function isRetried(failures: readonly boolean[], retries: number, environmentRetries: number): boolean {
  const ofEnvironment = failures.filter(Boolean).length;
  const others = failures.length - ofEnvironment;
  return others + Math.max(0, ofEnvironment - environmentRetries) <= retries;
}

function isEnvironmentFailure(errors: readonly ThrownError[]): boolean {
  const classified = errors.flatMap((error) => {
    const { load, excuse } = notesOf(error);
    if (load !== undefined) return [{ fault: 'environment' as const, isUnderLoad: true as const }];
    if (excuse !== undefined) return [{ fault: 'environment' as const }];
    return partsOf(error).map((part) => {
      const thrown = part as ThrownError;
      const fault = faultOf(thrown);
      return { ...(fault === undefined ? {} : { fault }), ...(typeof thrown.code === 'string' ? { code: thrown.code } : {}) };
    });
  });
  return isOfEnvironment(classOfAttempt(classified));
}
