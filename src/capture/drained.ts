// SPDX-License-Identifier: GPL-3.0-or-later
import type { Writable } from 'node:stream';

/** Waits until a stream can take more, or is closed, also by an error: whoever listens to the stream gets that. */
export async function drained(stream: Writable): Promise<void> {
  if (stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('drain', resolve).once('close', resolve);
  await promise;
  stream.off('drain', resolve).off('close', resolve); // otherwise each wait would leave a listener
}
