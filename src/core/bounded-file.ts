// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFileSync, closeSync, fstatSync, fsync, ftruncateSync, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { openPlainSync } from './plain-file.ts';

/** How large a file may become, in bytes. */
export interface FileBounds {
  /** when the file is larger, its middle is left out */
  readonly most: number;
  /** of the beginning that is kept */
  readonly head: number;
  /** of the end that is kept; more is added until the file is too large again */
  readonly tail: number;
}

const mebibyte = 1024 ** 2;
const logBounds: FileBounds = { most: 64 * mebibyte, head: 32 * mebibyte, tail: 16 * mebibyte };
/** The longest line that is not cut in two, in bytes. */
const longestLine = 64 * 1024;
const lineFeed = 10;

/**
 * A file to append to that keeps only its beginning and its end when it becomes too large, so that a guest or a program that prints
 * for hours does not fill the disk. All calls write at once: what was appended is not lost if the process crashes.
 */
export class BoundedFile {
  readonly #fd: number;
  readonly #bounds: FileBounds;
  readonly #note: (leftOutBytes: number) => string;
  #size: number;
  /** where the beginning that is kept ends, and the length of the note behind it; absent as long as the file is whole */
  #cut: { readonly at: number; readonly noteBytes: number } | undefined;
  #leftOut = 0;

  /**
   * Opens a regular file and nothing else, and creates it if nothing is there.
   * @param note - a line for the place where bytes were left out, with its line end
   * @throws EnvironmentError if something else is there
   * @throws Error of the file system
   */
  constructor(path: string, note: (leftOutBytes: number) => string, bounds = logBounds) {
    this.#fd = openPlainSync(path, 'a+');
    this.#size = fstatSync(this.#fd).size;
    this.#note = note;
    this.#bounds = bounds;
  }

  /** How many bytes were left out so far. */
  get leftOutBytes(): number {
    return this.#leftOut;
  }

  /** @throws Error of the file system */
  append(data: Uint8Array | string): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    appendFileSync(this.#fd, bytes);
    this.#size += bytes.length;
    if (this.#size > this.#bounds.most) this.#leaveOutMiddle();
  }

  /** Waits until the disk has everything: a file system in the network may report only then that it is full. */
  async sync(): Promise<void> {
    await promisify(fsync)(this.#fd);
  }

  /** @throws Error of the file system */
  close(): void {
    closeSync(this.#fd);
  }

  #leaveOutMiddle(): void {
    const { head, tail } = this.#bounds;
    const at = this.#cut?.at ?? this.#lineEndBefore(head);
    const from = Math.max(at, this.#lineStartAfter(this.#size - tail));
    const kept = this.#read(from, this.#size - from);
    this.#leftOut += from - at - (this.#cut?.noteBytes ?? 0);
    const note = Buffer.from(this.#note(this.#leftOut));
    ftruncateSync(this.#fd, at);
    appendFileSync(this.#fd, note);
    appendFileSync(this.#fd, kept);
    this.#cut = { at, noteBytes: note.length };
    this.#size = at + note.length + kept.length;
  }

  #lineEndBefore(position: number): number {
    const start = Math.max(0, position - longestLine);
    const found = this.#read(start, position - start).lastIndexOf(lineFeed);
    return found < 0 ? position : start + found + 1;
  }

  #lineStartAfter(position: number): number {
    const found = this.#read(position, longestLine).indexOf(lineFeed);
    return found < 0 ? position : position + found + 1;
  }

  #read(position: number, length: number): Buffer {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    for (let count = -1; count !== 0 && filled < length; filled += count)
      count = readSync(this.#fd, buffer, filled, length - filled, position + filled);
    return buffer.subarray(0, filled);
  }
}
