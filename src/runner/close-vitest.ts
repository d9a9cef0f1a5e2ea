// SPDX-License-Identifier: GPL-3.0-or-later
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Vitest } from 'vitest/node';
import { markHandled } from '../core/mark-handled.ts';

/** How long Vitest may take to close after a stopped run, in `ms`. */
const closeTimeoutMs = 1000;

/**
 * Closes Vitest. After a stopped run this has a deadline, because Vitest waits for workers even if they are dead.
 * @param opened - Vitest, and its folder of temporary files, which is removed even if Vitest misses the deadline
 */
export async function closeVitest(
  { vitest, temporary }: { readonly vitest: Pick<Vitest, 'close'>; readonly temporary?: string | undefined },
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
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }
}
