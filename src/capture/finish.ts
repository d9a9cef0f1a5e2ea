// SPDX-License-Identifier: GPL-3.0-or-later
import { basename } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { openPlain } from '../core/plain-file.ts';
import { CaptureError } from './errors.ts';
import { PcapRewriter, type ToWallClock } from './pcap.ts';

const chunkBytes = 1024 * 1024;

/**
 * Corrects the times of a capture in place. Call it once, after the last write.
 * @returns the number of records
 * @throws {@link CaptureError} when the last record is incomplete; it is removed first, so that the file can be read
 */
export async function finishCapture(path: string, toWallClock: ToWallClock): Promise<number> {
  const rewriter = new PcapRewriter(toWallClock);
  try {
    await using file = await openPlain(path, 'r+');
    let [readTo, writtenTo] = [0, 0];
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, readTo);
      if (bytesRead === 0) break;
      readTo += bytesRead;
      const done = rewriter.push(buffer.subarray(0, bytesRead));
      await file.write(done, 0, done.length, writtenTo);
      writtenTo += done.length;
    }
    if (rewriter.restBytes === 0) return rewriter.records;
    await file.truncate(writtenTo);
  } catch (cause) {
    throw new CaptureError(`${basename(path)}: ${messageOf(cause)}`, { cause });
  }
  throw new CaptureError(
    `${basename(path)} is incomplete: it ends within a frame, after ${rewriter.records} complete ones. Is the disk full?`,
  );
}
