// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';

/** What may come as fast as it can, in `bytes`: more than is kept of an output. */
const freeBytes = 32 * 1024 ** 2;
/** What may come per second after that, and how often that is looked at. */
const bytesPerSecond = 8 * 1024 ** 2;
const sliceMs = 50;

/**
 * Slows a program down that prints without end, by reading no faster than 8 MiB/s once it has printed 32 MiB: it would take a
 * processor from the tests, and more memory than the garbage collector gives back in time. Nothing gets lost.
 */
export function throttle(stream: Readable): void {
  let [total, slice] = [0, 0];
  stream.on('data', (chunk: Buffer) => {
    total += chunk.length;
    if (total <= freeBytes) return;
    slice += chunk.length;
    const pauseMs = Math.floor((slice * 1000) / bytesPerSecond);
    if (pauseMs < sliceMs) return;
    slice = 0;
    stream.pause();
    setTimeout(() => stream.resume(), pauseMs).unref();
  });
}
