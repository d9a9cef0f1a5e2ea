// SPDX-License-Identifier: GPL-3.0-or-later
import { watch } from 'node:fs';
import { openPlain } from '../core/plain-file.ts';

const chunkBytes = 256 * 1024;

/**
 * Reads what a file contains now. With `follow`, it continues with what others append, until the signal fires.
 * @throws Error of the file system when it cannot be read
 */
export async function* readLive(path: string, follow: boolean, signal: AbortSignal): AsyncGenerator<Buffer, void> {
  await using file = await openPlain(path, 'r');
  let left = follow ? Infinity : (await file.stat()).size; // otherwise a writer as fast as this reader would keep it going
  let changed = Promise.withResolvers<void>();
  const wake = (): void => {
    changed.resolve();
  };
  const watcher = follow ? watch(path, wake) : undefined;
  watcher?.on('error', wake); // the next read reports the reason
  signal.addEventListener('abort', wake, { once: true });
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>(); // before the read, so that no later change is missed
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, Math.min(chunkBytes, left));
      left -= bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (follow) await changed.promise;
      else return;
    }
  } finally {
    signal.removeEventListener('abort', wake);
    watcher?.close();
  }
}
