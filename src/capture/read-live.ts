// SPDX-License-Identifier: GPL-3.0-or-later
import { watch } from 'node:fs';
import { openPlain } from '../core/plain-file.ts';

const chunkBytes = 256 * 1024;

/**
 * What is in a file, in pieces; with `follow` also what others write to its end from now on, until the signal.
 * @throws Error of the file system when it cannot be read
 */
export async function* readLive(path: string, follow: boolean, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  await using file = await openPlain(path, 'r');
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
  };
  const watcher = follow ? watch(path, wake) : undefined;
  watcher?.on('error', wake); // the next read tells
  signal.addEventListener('abort', wake, { once: true });
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>(); // before the read: what comes after it wakes us
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes);
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (follow) await changed.promise;
      else return;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    watcher?.close();
  }
}
