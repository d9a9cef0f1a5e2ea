// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../../core/errors.ts';
import { ownerState, ownIdentity } from '../../core/identity.ts';
import { log } from '../../core/step.ts';

/** How often a process that waits looks whether the lock is free, in `ms`. */
const pollMs = 250;
/** How long a lock counts that its owner has not renewed, in `ms`. */
const staleMs = 120_000;

/** A lock that this process holds. */
export interface FileLock extends AsyncDisposable {
  /** Says that this process still works. Call it at least once a minute. */
  readonly renew: () => void;
}

/**
 * Waits until no other process holds the lock. A lock whose process has died, or has not renewed it for 2 minutes, does not count. Two
 * processes may hold it at once in rare cases, so it only saves work.
 * @param what - what the other process does, for the log
 */
export async function acquireLock(path: string, what: string, signal?: AbortSignal): Promise<FileLock> {
  for (let tries = 0; ; tries += 1) {
    try {
      await writeFile(path, ownIdentity() ?? '', { flag: 'wx' });
      return { renew: () => void renew(path), [Symbol.asyncDispose]: () => rm(path, { force: true }) };
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    if (await isStale(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (tries === 0) log('alpy.unpack', `waiting: another process ${what}`);
    await setTimeout(pollMs, undefined, { signal });
  }
}

async function isStale(path: string): Promise<boolean> {
  const [owner, stats] = await Promise.all([readFile(path, 'utf8').catch(() => ''), stat(path).catch(() => undefined)]);
  if (!stats) return false; // it was released
  return ownerState(owner) === 'dead' || Date.now() - stats.mtimeMs > staleMs;
}

async function renew(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined); // another process may have taken it for stale
}
