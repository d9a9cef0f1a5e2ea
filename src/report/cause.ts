// SPDX-License-Identifier: GPL-3.0-or-later
import { causeLine } from './failure-text.ts';
import type { ErrorReport, TestReport } from './model.ts';
import { decidingError } from './status.ts';
import { capText } from './text.ts';

/** Longest cause, in characters. */
const maxLength = 300;

/** The error from which the others of a test follow. */
export function causeOfTest({ errors }: Pick<TestReport, 'errors'>): ErrorReport | undefined {
  const decisive = decidingError(errors);
  return decisive === errors[0] ? (errors.find(({ isConsequence }) => isConsequence !== true) ?? decisive) : decisive;
}

/** That error in one line; `undefined` if the test has no error. */
export function causeText(test: Pick<TestReport, 'errors'>): string | undefined {
  const error = causeOfTest(test);
  if (error === undefined) return undefined;
  const message = capText(error.message, 2 * maxLength); // without this, megabytes would be escaped to show one line
  return capText(causeLine({ ...error, message }), maxLength);
}
