// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestReport } from './model.ts';

/** What to say of a test that missed a deadline on an overloaded machine; a slow machine is the cause of nothing else. */
export function overloadNote({
  status,
  overload,
  errors,
}: Pick<TestReport, 'status' | 'overload' | 'errors'>): string | undefined {
  if (overload === undefined || (status !== 'failed' && status !== 'error')) return undefined;
  if (!errors.some(({ hasMissedDeadline }) => hasMissedDeadline)) return undefined;
  return `The machine was overloaded meanwhile (${overload}), which may be why: run it alone, or with fewer workers`;
}
