// SPDX-License-Identifier: GPL-3.0-or-later
import { open } from 'node:fs/promises';
import { PcapRewriter, type ToWallClock } from './pcap.ts';
import { readLive } from './read-live.ts';

/**
 * Copies the whole records that a capture has so far, with their true times, into a new file that all may read.
 * @returns how many there are
 * @throws CaptureError when the capture is damaged
 * @throws Error of the file system; the signal's reason
 */
export async function writeCorrectedCopy(
  file: string,
  copy: string,
  toWallClock: ToWallClock,
  signal: AbortSignal,
): Promise<number> {
  const rewriter = new PcapRewriter(toWallClock);
  await using output = await open(copy, 'wx');
  await output.chmod(0o644); // who reads it in a container is no user of this machine
  for await (const chunk of readLive(file, false, signal)) await output.appendFile(rewriter.push(chunk));
  signal.throwIfAborted();
  return rewriter.records;
}
