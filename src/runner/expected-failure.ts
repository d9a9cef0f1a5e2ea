// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestContext } from 'vitest';

type Task = TestContext['task'];

/** Tests that were marked with `test.fails`. */
const failing = new WeakSet<Task>();

/** Begins an attempt of a test. */
export function beginAttempt(task: Task): void {
  if (task.fails === true) failing.add(task);
  else if (failing.has(task)) setFails(task, true); // an earlier attempt had an unexpected failure
}

/**
 * Checks why a test of `test.fails` failed. Only a failure that says something about the device is the expected one: otherwise the test
 * would pass because the machine or the test itself is broken.
 * @param errors - of the body in this attempt
 * @param isSetUp - whether the test had its testbed; without one, no error is the expected one
 */
export function checkExpected(task: Task, errors: readonly object[], isSetUp: boolean): void {
  const isExpected = errors.every((error) => isSetUp && (!('fault' in error) || error.fault === 'device'));
  if (!isExpected) refuseFailure(task);
}

/** Lets the attempt of a test fail although the test is marked with `test.fails`. */
export function refuseFailure(task: Task): void {
  setFails(task, false);
}

/** Vitest declares the property as read-only, but reads it after each attempt. */
function setFails(task: Task, fails: boolean): void {
  Object.assign(task, { fails });
}
