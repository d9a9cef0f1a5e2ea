// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Reads a stream line by line. Node's readline passes an error of the stream on as an `error` event of its own; nobody
 * listens to that one, so it would end the process. Here it closes the interface instead, as the end of the stream does,
 * and whoever needs the reason listens to the stream.
 */
export function readLines(input: Readable): Interface {
  const lines = createInterface({ input });
  lines.on('error', () => {
    lines.close();
  });
  // a stream that is destroyed has no end
  input.once('close', () => {
    lines.close();
  });
  return lines;
}
