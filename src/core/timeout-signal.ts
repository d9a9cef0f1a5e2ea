// SPDX-License-Identifier: GPL-3.0-or-later
import { clearTimeout, setTimeout } from 'node:timers'; // imported: a test may replace the global ones with fakes

/** The longest time that a timer of Node can wait, in `ms`: 24 days. A longer one fires at once, or is refused. */
export const longestTimerMs = 2 ** 31 - 1;

/** Starts timers. A `DebugClock` replaces it. */
export const timers: { start: (listener: () => void, ms: number) => NodeJS.Timeout } = { start: setTimeout };

/** A signal that fires after a time, unless it is disposed before. */
export interface TimeoutSignal extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Like `AbortSignal.timeout`, but can be disposed. Node keeps that one until its time has come if `AbortSignal.any` got it, and with
 * it everything that its timer's async context holds: a test with its events, for minutes.
 */
export function timeoutSignal(ms: number): TimeoutSignal {
  const late = new AbortController();
  const timer = timers.start(
    () => {
      late.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
    },
    Math.min(longestTimerMs, Math.max(0, Math.ceil(ms))),
  );
  timer.unref();
  return {
    signal: late.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
    },
  };
}
