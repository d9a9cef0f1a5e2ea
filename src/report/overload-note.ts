// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestReport } from './model.ts';

/** What to say of a test that went wrong on an overloaded machine; nothing of any other. */
export function overloadNote({ status, overload }: Pick<TestReport, 'status' | 'overload'>): string | undefined {
  if (overload === undefined || (status !== 'failed' && status !== 'error')) return undefined;
  return `The machine was overloaded meanwhile (${overload}), which may be why: run it alone, or with fewer workers`;
}
