// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestContext } from 'vitest';
import { expect, test } from 'vitest';
import { allowEnvironmentRetries, isRetried } from '../../../src/runner/environment-retries.ts';

type Test = TestContext['task'];
interface Retry {
  readonly count: number;
  readonly condition: (error: object) => boolean;
}

const environment = { name: 'Error', message: 'no daemon', fault: 'environment', code: 'ALPY_DAEMON' };
const device = { name: 'Error', message: 'no answer', fault: 'device' };
const underLoad = { ...device, alpyNotes: { load: ['97 %'] } };
const bug = { name: 'Error', message: 'oops', fault: 'bug' };

/** A test in Vitest's form, after failed attempts. */
function fakeTest(attempts: readonly object[], retry?: unknown): Test {
  const result = { repeatCount: 0, attempts: attempts.map((error) => ({ state: 'fail', repeatIndex: 0, errors: [error] })) };
  return { type: 'test', retry, result } as unknown as Test;
}

/** Whether a test is run again after these errors of its attempts. */
function isRunAgain(attempts: readonly object[], most: number, retry?: unknown): boolean {
  const failed = fakeTest(attempts, retry);
  allowEnvironmentRetries({ type: 'suite', tasks: [failed] }, most);
  const { count, condition } = failed.retry as unknown as Retry;
  return attempts.length <= count && condition(attempts.at(-1)!);
}

test('only after errors of the environment, timeouts under load among them, a test is run again', () => {
  expect([environment, underLoad, device, bug].map((error) => isRunAgain([error], 2))).toEqual([true, true, false, false]);
});

test('not more often than the option says, and not after another failure at a later attempt', () => {
  expect(isRunAgain([environment, environment], 2)).toBe(true);
  expect(isRunAgain([environment, environment, environment], 2)).toBe(false);
  expect(isRunAgain([environment, device], 2)).toBe(false);
});

test('a test with retries of its own has both', () => {
  expect(isRunAgain([device], 1, 1)).toBe(true);
  expect(isRunAgain([device, environment], 1, 1)).toBe(true);
  expect(isRunAgain([device, environment, environment], 1, 1)).toBe(false);
  expect(isRunAgain([device, device], 1, 1)).toBe(false);
});

test('a condition of the test decides about its own retries only', () => {
  const retry = { count: 1, condition: /never/ };
  expect(isRunAgain([device], 1, retry)).toBe(false);
  expect(isRunAgain([environment], 1, retry)).toBe(true);
});

test('without the option, nothing changes', () => {
  const unchanged = fakeTest([], 3);
  allowEnvironmentRetries(unchanged, 0);
  expect(unchanged.retry).toBe(3);
});

test('isRetried: failures of the environment use up their own attempts first', () => {
  expect(isRetried([true, false], 1, 1)).toBe(true);
  expect(isRetried([true, true], 1, 1)).toBe(true);
  expect(isRetried([true, true, true], 1, 1)).toBe(false);
  expect(isRetried([false], 0, 5)).toBe(false);
});
