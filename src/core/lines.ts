// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Reads a stream line by line. Node's readline repeats an error of the stream as its own `error` event, which would end the
 * process if it had no listener. Here it closes the interface, as the end of the stream does. To get the error, listen to the
 * stream.
 */
export function readLines(input: Readable): Interface {
  const lines = createInterface({ input });
  lines.on('error', () => {
    lines.close();
  });
  // a destroyed stream emits no 'end'
  input.once('close', () => {
    lines.close();
  });
  return lines;
}
