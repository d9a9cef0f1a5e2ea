// SPDX-License-Identifier: GPL-3.0-or-later
import { EscapeCodes, type PlainText } from './escape-codes.ts';
import { readableTail, type Disguise, type TypedLine } from './readable-tail.ts';

/** How much consumed output is kept for error messages, in `bytes`. */
const historyBytes = 8000;

/** Largest buffer that is kept when nearly everything was consumed, in `bytes`. */
const largestIdleBytes = 1024 * 1024;

/**
 * Bytes that were received and not yet consumed. Positions count from the first byte ever received, so they stay valid when
 * the bytes move. Appending is amortised; bytes beyond the limit are dropped from the front.
 */
export class ByteQueue {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  /** position of the first byte of `#bytes` */
  #origin = 0;
  #start = 0;
  #end = 0;
  #dropped = 0;
  readonly #codes = new EscapeCodes();
  /** lines of the recent output that were typed in disguise */
  #typed: readonly TypedLine[] = [];
  /** how many unconsumed bytes are kept */
  limitBytes: number;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  /** position of the first unconsumed byte */
  get start(): number {
    return this.#start;
  }

  /** position after the last byte */
  get end(): number {
    return this.#end;
  }

  /** Adds bytes at the end, and drops bytes from the front if there are too many. */
  append(chunk: Uint8Array): void {
    if (this.#end - this.#origin + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end - this.#origin);
    this.#end += chunk.length;
    this.#codes.take(this.#end, (from) => this.#bytes.subarray(from - this.#origin, this.#end - this.#origin));
    const excess = this.#end - this.#start - this.limitBytes;
    if (excess <= 0) return;
    this.#start += excess;
    this.#dropped += excess;
  }

  /** The unconsumed bytes from position `from` on, as a view: valid until the next call of {@link append}. */
  view(from: number, to: number = this.#end): Buffer {
    return this.#bytes.subarray(Math.max(from, this.#start) - this.#origin, to - this.#origin);
  }

  /** The position up to which it is certain what is text and what is an escape code. */
  get certainTo(): number {
    return this.#codes.certainTo;
  }

  /** Like {@link view}, without escape codes. An incomplete code at the end is left out, too. */
  plain(from: number, to: number = this.#end): PlainText {
    return this.#codes.strip(this.view(from, to), Math.max(from, this.#start));
  }

  /** The position `count` bytes before another one, not counting escape codes; never before the unconsumed bytes. */
  plainBack(position: number, count: number): number {
    return this.#codes.back(Math.max(position, this.#start), count, this.#start);
  }

  /** The last output without escape codes, consumed or not, at most this many bytes. */
  plainTail(bytes: number): Buffer {
    const from = Math.max(this.#origin, this.#end - bytes);
    return this.#codes.strip(this.#bytes.subarray(from - this.#origin, this.#end - this.#origin), from).bytes;
  }

  /** Consumes up to the position `to`; returns how many bytes before it were dropped since the last time. */
  consume(to: number): number {
    const dropped = this.#dropped;
    this.#start = to;
    this.#dropped = 0;
    if (this.#bytes.length > largestIdleBytes && this.#end - to < largestIdleBytes / 4) this.#move(largestIdleBytes);
    return dropped;
  }

  /** Notes that a line is typed now whose echo {@link tailText} shows differently. */
  noteTyped(text: string, disguise: Disguise): void {
    const recent = this.#typed.filter(({ position }) => position >= this.#recentFrom);
    this.#typed = [...recent, { ...disguise, text, position: this.#end }];
  }

  /** The last output, consumed or not; see {@link readableTail}. @param hide - returns the text without secrets */
  tailText(hide: (plain: PlainText) => PlainText = (plain) => plain): string {
    let from = this.#recentFrom;
    const isRest = (byte = 0): boolean => (byte & 0xc0) === 0x80;
    while (from > 0 && from < this.#end && isRest(this.#bytes[from - this.#origin])) from += 1; // half a character
    const plain = this.#codes.strip(this.#bytes.subarray(from - this.#origin, this.#end - this.#origin), from);
    return readableTail(hide(plain), this.#typed);
  }

  get #recentFrom(): number {
    return Math.max(this.#origin, this.#end - historyBytes);
  }

  #makeRoom(count: number): void {
    const needed = this.#end - this.#keepFrom + count;
    this.#move(Math.max(this.#bytes.length, needed * 2)); // at least half stays free, so that moving happens rarely
  }

  get #keepFrom(): number {
    return Math.max(this.#origin, Math.min(this.#start, this.#end - historyBytes));
  }

  /** Moves the bytes to keep to the beginning of a buffer of `sizeBytes`. */
  #move(sizeBytes: number): void {
    const keepFrom = this.#keepFrom;
    const target = sizeBytes === this.#bytes.length ? this.#bytes : Buffer.allocUnsafe(sizeBytes);
    target.set(this.#bytes.subarray(keepFrom - this.#origin, this.#end - this.#origin)); // correct even if they overlap
    this.#bytes = target;
    this.#origin = keepFrom;
    this.#codes.forgetBefore(keepFrom);
  }
}
