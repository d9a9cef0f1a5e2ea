// SPDX-License-Identifier: GPL-3.0-or-later
import type { SerialConsole } from './serial-console.ts';

/**
 * Waits until the console has been silent for `quietMs`, but at most ten times as long. Consumes nothing.
 * @param quietMs - how long the silence must last, in `ms`
 * @param signal - ends the wait; its reason is thrown
 * @returns whether it was silent from the start
 */
export async function waitForQuiet(console: SerialConsole, quietMs: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  let isSilent = true;
  const done = (): void => {
    resolve(isSilent);
  };
  const onAbort = (): void => {
    reject(signal.reason as Error);
  };
  const timer = setTimeout(done, quietMs);
  const limit = setTimeout(done, quietMs * 10);
  const stop = console.observe(() => {
    isSilent = false;
    timer.refresh();
  });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    clearTimeout(limit);
    stop();
    signal.removeEventListener('abort', onAbort);
  }
}
