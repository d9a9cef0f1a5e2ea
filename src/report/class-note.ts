// SPDX-License-Identifier: GPL-3.0-or-later
import { causeText } from './cause.ts';
import type { FailureClass, TestReport } from './model.ts';
import { hasFailed } from './status.ts';

/** Names of the classes after "after". */
const withArticle: Readonly<Record<FailureClass, string>> = {
  product: 'a failure of the device',
  harness: 'a bug of alpy',
  usage: 'a usage error',
  test: "an error of the test's own code",
  environment: 'an environment error',
  'timeout under load': 'a timeout under load',
};

/** The class of a failed test, or what went before the success of a flaky one, as a line for people; `undefined` for other tests. */
export function classNote(test: Pick<TestReport, 'status' | 'failureClass' | 'attempts' | 'errors'>): string | undefined {
  const { failureClass, attempts } = test;
  if (failureClass === undefined) return undefined;
  if (hasFailed(test)) return `Failure class: ${failureClass}`;
  if (test.status !== 'flaky') return undefined;
  const cause = causeText(test);
  return `Passed at attempt ${attempts ?? 'unknown'} after ${withArticle[failureClass]}${cause === undefined ? '' : `: ${cause}`}`;
}
