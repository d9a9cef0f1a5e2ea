// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vitest } from 'vitest/node';
import { markHandled } from '../core/mark-handled.ts';

/** How long Vitest may take to close after a stopped run, in `ms`. */
const closeTimeoutMs = 1000;

/** Closes Vitest. After a stopped run this has a deadline, because Vitest waits for workers even if they are dead. */
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
    // not unref'd: it must keep the process alive until the reports are written
    await Promise.race([closed, sleep(timeoutMs, undefined, { signal: over.signal })]);
  } finally {
    over.abort();
  }
}
