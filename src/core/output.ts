// SPDX-License-Identifier: GPL-3.0-or-later
import { StringDecoder } from 'node:string_decoder';

/** Bytes of an output that are kept: its end, because that shows how a program ended, and the whole may not fit into memory. */
const keptBytes = 16 * 1024 ** 2;

const largestBlock = 256 * 1024;
const smallestBlock = 4096;

/** Keeps the end of an output of any length. Uses one block more memory than it keeps. */
export class OutputTail {
  readonly #limit: number;
  #blocks: Buffer[] = [];
  /** bytes in all blocks */
  #kept = 0;
  /** bytes in the last block */
  #filled = 0;
  #total = 0;

  /** @param limit - how many bytes to keep */
  constructor(limit: number = keptBytes) {
    this.#limit = limit;
  }

  /** how many bytes were dropped, all from the beginning */
  get droppedBytes(): number {
    return Math.max(0, this.#total - this.#limit);
  }

  /** Adds bytes, which are copied. */
  push(chunk: Uint8Array): void {
    this.#total += chunk.length;
    for (let from = 0; from < chunk.length;) {
      const block = this.#blockWithSpace();
      const count = Math.min(chunk.length - from, block.length - this.#filled);
      block.set(chunk.subarray(from, from + count), this.#filled);
      this.#filled += count;
      this.#kept += count;
      from += count;
    }
  }

  /** Returns the bytes that were kept. */
  bytes(): Buffer {
    const last = this.#blocks.at(-1)?.subarray(0, this.#filled) ?? Buffer.alloc(0);
    const all = Buffer.concat([...this.#blocks.slice(0, -1), last]);
    return all.subarray(Math.max(0, all.length - this.#limit));
  }

  #blockWithSpace(): Buffer {
    const last = this.#blocks.at(-1);
    if (last && this.#filled < last.length) return last;
    const block = this.#spareBlock() ?? Buffer.allocUnsafe(Math.min(largestBlock, Math.max(smallestBlock, this.#kept)));
    this.#blocks.push(block);
    this.#filled = 0;
    return block;
  }

  /** The oldest block, if the others hold enough. Reusing it leaves no garbage, which may be collected too late. */
  #spareBlock(): Buffer | undefined {
    const [first] = this.#blocks;
    if (!first || this.#kept - first.length < this.#limit) return undefined;
    this.#kept -= first.length;
    return this.#blocks.shift();
  }
}

/** Longest line, in characters. A longer one is split, because a program that never ends its line must not fill the memory. */
const longestLine = 16_384;

/** Splits an output into lines, which end with a line feed, a carriage return, or both. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /** @param onLine - called with every line, without its end */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split(/\r?\n|\r(?!\n|$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#emit(line);
    // a carriage return at the end may belong to the end of the line
    while (this.#rest.replace(/\r$/, '').length > longestLine) {
      this.#onLine(this.#rest.slice(0, longestLine));
      this.#rest = this.#rest.slice(longestLine);
    }
  }

  /** Call it when the output has ended. Passes on the last line even if it has no line end. */
  end(): void {
    const rest = (this.#rest + this.#decoder.end()).replace(/\r$/, '');
    this.#rest = '';
    if (rest !== '') this.#emit(rest);
  }

  #emit(line: string): void {
    for (let from = 0; from === 0 || from < line.length; from += longestLine) this.#onLine(line.slice(from, from + longestLine));
  }
}
