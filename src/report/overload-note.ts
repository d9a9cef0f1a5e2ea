// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestReport } from './model.ts';

/** A note for a test that missed a deadline on an overloaded machine. Other errors get no note, because a slow machine does not cause them. */
export function overloadNote({
  status,
  overload,
  errors,
}: Pick<TestReport, 'status' | 'overload' | 'errors'>): string | undefined {
  if (overload === undefined || (status !== 'failed' && status !== 'error')) return undefined;
  if (!errors.some(({ hasMissedDeadline }) => hasMissedDeadline)) return undefined;
  return `The machine was overloaded during the test (${overload}), which may be the cause: run it alone or with fewer workers`;
}
