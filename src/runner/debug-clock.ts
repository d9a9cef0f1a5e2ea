// SPDX-License-Identifier: GPL-3.0-or-later
import { timers, timeoutSignal } from '../core/timeout-signal.ts';

/** How often to look whether this process stood still, in `ms`. */
const beatMs = 50;
/** A shorter gap is only a busy machine, in `ms`. */
const defaultGapMs = 1000;

/** The clock of a process that a debugger may stop. */
export interface DebugClock extends Disposable {
  /** how long the process stood still so far, in `ms` */
  readonly stoppedMs: () => number;
}

/**
 * Makes this process's clock and timers stand still while a debugger has stopped it, so that no time limit passes at a breakpoint:
 * a limit that would pass during a stop begins anew after it. Replaces `performance.now`, `setTimeout`, `AbortSignal.timeout` and
 * the timers of {@link timeoutSignal} until the result is disposed.
 * @param longestGapMs - how long the process may be busy without counting as stopped, in `ms`; default 1000
 */
export function installDebugClock(longestGapMs = defaultGapMs): DebugClock {
  const now = performance.now.bind(performance);
  let stoppedMs = 0;
  let lastMs = now();
  const look = (): number => {
    const nowMs = now();
    if (nowMs - lastMs > longestGapMs) stoppedMs += nowMs - lastMs;
    lastMs = nowMs;
    return stoppedMs;
  };
  const { setTimeout: startTimer } = globalThis;
  const heart = setInterval(look, beatMs).unref();
  const original = {
    now: performance.now.bind(performance),
    timeout: AbortSignal.timeout.bind(AbortSignal),
    start: timers.start,
  };

  performance.now = () => now() - look();
  const start = (listener: (...args: unknown[]) => void, ms?: number, ...args: unknown[]): NodeJS.Timeout => {
    let armedAtMs = look();
    const timer = startTimer(() => {
      const isLate = look() > armedAtMs;
      armedAtMs = stoppedMs;
      if (isLate) timer.refresh();
      else listener(...args);
    }, ms);
    return timer;
  };
  Object.defineProperty(globalThis, 'setTimeout', {
    configurable: true,
    writable: true,
    value: Object.assign(start, startTimer),
  });
  timers.start = start;
  AbortSignal.timeout = (ms) => timeoutSignal(ms).signal;
  return {
    stoppedMs: look,
    [Symbol.dispose]() {
      clearInterval(heart);
      performance.now = original.now;
      globalThis.setTimeout = startTimer;
      timers.start = original.start;
      AbortSignal.timeout = original.timeout;
    },
  };
}
