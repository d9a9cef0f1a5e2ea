// SPDX-License-Identifier: GPL-3.0-or-later
import { open } from 'node:fs/promises';
import { PcapRewriter, type ToWallClock } from './pcap.ts';
import { readLive } from './read-live.ts';

/**
 * Copies the complete records of a capture, with their correct times, into a new file that everybody may read.
 * @returns the number of records
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
  await output.chmod(0o644); // sharkd reads it as a user of its container
  for await (const chunk of readLive(file, false, signal)) await output.appendFile(rewriter.push(chunk));
  signal.throwIfAborted();
  return rewriter.records;
}
