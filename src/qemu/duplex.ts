// SPDX-License-Identifier: GPL-3.0-or-later
import { Duplex, type Readable, type Writable } from 'node:stream';

/** Joins two streams into one. It ends when `input` does. */
export function duplexOf(input: Readable, output: Writable): Duplex {
  const duplex = new Duplex({
    read: () => input.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      output.write(chunk, done);
    },
    final: (done) => {
      output.end(done);
    },
    destroy: (error, done) => {
      input.destroy();
      output.destroy();
      done(error);
    },
  });
  input.on('data', (chunk: Buffer) => {
    if (!duplex.push(chunk)) input.pause();
  });
  input.on('end', () => duplex.push(null));
  input.on('error', (error) => duplex.destroy(error));
  output.on('error', () => undefined); // the other end is gone: readers see the end of the input
  return duplex;
}
