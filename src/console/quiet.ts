// SPDX-License-Identifier: GPL-3.0-or-later
import { ConsoleTimeoutError } from './errors.ts';
import type { SerialConsole } from './serial-console.ts';

/**
 * Watches the console until it says nothing for a while, or has gone on for ten times as long. What comes is consumed.
 * @param quietMs - how long the silence has to be, in `ms`
 * @param signal - ends the wait; its reason is thrown
 * @returns whether there was silence from the start
 * @throws ConsoleClosedError when the console ends
 */
export async function becomesQuiet(console: SerialConsole, quietMs: number, signal: AbortSignal): Promise<boolean> {
  for (let round = 0; round < 10; round += 1) {
    try {
      await console.expect(/[^]+$/, { timeoutMs: quietMs, signal, awaited: 'silence' });
    } catch (error) {
      if (!(error instanceof ConsoleTimeoutError)) throw error;
      return round === 0; // the silence that was waited for
    }
  }
  return false;
}
