// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';

/** How many bytes are read at full speed. */
const freeBytes = 8 * 1024 ** 2;
/** Rate after that, and how often the stream is paused to keep it. */
const bytesPerSecond = 8 * 1024 ** 2;
const sliceMs = 50;

/**
 * Slows down a program that prints without end, by reading at most 8 MiB/s after the first 8 MiB. Otherwise it would occupy a
 * processor that the tests need, and memory faster than the garbage collector frees it. No output is lost.
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
