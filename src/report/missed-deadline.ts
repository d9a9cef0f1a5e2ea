// SPDX-License-Identifier: GPL-3.0-or-later
import type { ThrownError } from './status.ts';

/** How Vitest's messages about missed deadlines of tests, hooks and `expect.poll` begin. */
const timedOut =
  /^(?:Test|Hook) timed out in |^The \w+ phase of "\w+" hook timed out|^Matcher did not succeed in time|^Timed out in wait/;

/** Whether an error or one of its causes is a missed deadline. */
export function hasMissedDeadline(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > 10) return false;
  const { code, name, message, cause, __vitest_error_context__: context } = error as Partial<ThrownError>;
  if (typeof code === 'string' && code.endsWith('_TIMEOUT')) return true;
  if (name === 'TimeoutError' || (typeof message === 'string' && timedOut.test(message))) return true;
  return isMatcherTimeout(context) || hasMissedDeadline(cause, depth + 1);
}

/** See `MatcherResult` of the matchers. */
function isMatcherTimeout(context: unknown): boolean {
  if (typeof context !== 'object' || context === null || !('meta' in context)) return false;
  const { meta } = context;
  return typeof meta === 'object' && meta !== null && 'hasMissedDeadline' in meta && meta.hasMissedDeadline === true;
}
