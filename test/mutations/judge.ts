// SPDX-License-Identifier: GPL-3.0-or-later
import type { FailureClass, TestReport } from '../../src/report/index.ts';
import type { Mutation } from './table.ts';

/** Whether a test noticed a mistake. */
export interface Judgement {
  /** with what the test failed; empty if it passed */
  readonly message: string;
  /** why the mistake counts as missed; absent if it was noticed */
  readonly problem?: string;
}

/** Classes of failures that blame the device. Many guests at once make the machine slow, and a missed deadline is then of its own class. */
const deviceClasses: readonly FailureClass[] = ['product', 'timeout under load'];

/** Judges the result of a test whose device made a mistake. Pure. */
export function judge({ says }: Mutation, test: TestReport | undefined): Judgement {
  if (!test) return { message: '', problem: 'the test has no result' };
  const [error] = test.errors;
  const message = [error?.message, error?.diff].filter((part) => part !== undefined).join('\n');
  if (test.status === 'passed') return { message, problem: 'the test passed' };
  if (!test.failureClass || !deviceClasses.includes(test.failureClass))
    return { message, problem: `expected the device to be blamed, got ${test.failureClass ?? test.status}` };
  if (!message.includes(says)) return { message, problem: `expected a message with ${JSON.stringify(says)}` };
  return { message };
}
