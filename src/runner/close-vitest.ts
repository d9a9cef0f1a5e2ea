// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vitest } from 'vitest/node';
import { markHandled } from '../core/mark-handled.ts';

/** How long Vitest may take to close after a run that was stopped, in `ms`. */
const closeTimeoutMs = 1000;

/** Closes Vitest. If the run was stopped, its workers may be dead, and Vitest would wait for them: then it gets only a moment. */
export async function closeVitest(
  vitest: Pick<Vitest, 'close'>,
  { aborted }: AbortSignal,
  timeoutMs = closeTimeoutMs,
): Promise<void> {
  const closed = vitest.close();
  if (!aborted) return closed;
  markHandled(closed);
  const over = new AbortController();
  try {
    // this timer must keep the process alive: nothing else may, and the reports are yet to be written
    await Promise.race([closed, sleep(timeoutMs, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}
