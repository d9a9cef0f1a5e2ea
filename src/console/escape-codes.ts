// SPDX-License-Identifier: GPL-3.0-or-later

/** A range of output, as positions in the queue: `start` is inclusive, `end` exclusive. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Codes of ECMA-48 that a terminal doesn't print: CSI, OSC (titles), DCS and similar strings, others of two or more
 * characters, the shifts in and out, and an escape character that begins none of these. `$` accepts an
 * incomplete code. Lengths are limited, so that a stray escape character hides no more than a line.
 */
const codes = new RegExp(
  [
    String.raw`\x1b\[[0-?]{0,64}[ -/]{0,8}(?:[@-~]|$)`,
    String.raw`\x1b\][^\x07\x1b\r\n]{0,1000}(?:\x07|\x1b\\|\x1b?$)`,
    String.raw`\x1b[PX^_][^\x1b\r\n]{0,1000}(?:\x1b\\|\x1b?$)`,
    String.raw`\x1b[ -/]{0,8}(?:[0-~]|$)`,
    String.raw`[\x0e\x0f\x1b]`,
  ].join('|'),
  'g',
);
const anyCode = /[\x0e\x0f\x1b]/;

/** Text without its escape codes, and the position of each of its bytes. */
export interface PlainText {
  readonly bytes: Buffer;
  /** the position of the byte with this index; for the length of the text, the position after the last byte */
  readonly positionOf: (index: number) => number;
}

/** Finds escape codes in a stream of bytes that comes in pieces. */
export class EscapeCodes {
  #found: Range[] = [];
  /** up to where it is certain what is a code and what is text */
  #certainTo = 0;

  /** the position up to which later bytes cannot change what is a code and what is text */
  get certainTo(): number {
    return this.#certainTo;
  }

  /**
   * Finds the codes in new bytes.
   * @param end - position after the newest byte
   * @param view - gives the bytes from a position on
   */
  take(end: number, view: (from: number) => Buffer): void {
    const from = this.#certainTo;
    this.#certainTo = end;
    const text = view(from).toString('latin1');
    if (!anyCode.test(text)) return;
    while ((this.#found.at(-1)?.end ?? 0) > from) this.#found.pop(); // it was incomplete then
    for (const { 0: code, index } of text.matchAll(codes)) {
      const range = { start: from + index, end: from + index + code.length };
      this.#found.push(range);
      if (range.end === end) this.#certainTo = range.start; // more of it may come
    }
  }

  /** Forgets codes before a position. */
  forgetBefore(position: number): void {
    this.#found = this.#found.filter(({ end }) => end > position);
  }

  /** Cuts the codes out of `bytes`, which begin at the position `from`. */
  strip(bytes: Buffer, from: number): PlainText {
    const to = from + bytes.length;
    const parts: Buffer[] = [];
    const starts: { readonly index: number; readonly position: number }[] = [];
    let [index, position] = [0, from];
    const keepUpTo = (end: number): void => {
      if (end <= position) return;
      starts.push({ index, position });
      parts.push(bytes.subarray(position - from, end - from));
      index += end - position;
    };
    for (let at = this.#firstAfter(from); at < this.#found.length; at += 1) {
      const code = this.#found[at];
      if (!code || code.start >= to) break;
      keepUpTo(code.start);
      position = code.end;
    }
    keepUpTo(to);
    const whole = parts.length === 1 ? parts[0] : undefined;
    const positionOf = (textIndex: number): number => {
      if (textIndex >= index) return to;
      const start = starts.findLast((one) => one.index <= textIndex);
      return start ? start.position + textIndex - start.index : from;
    };
    return { bytes: whole ?? Buffer.concat(parts), positionOf };
  }

  /** The position of the text that lies `count` characters of text before a position, or `earliest`. */
  back(position: number, count: number, earliest: number): number {
    let [at, left] = [position, count];
    for (let index = this.#firstAfter(position) - 1; index >= 0; index -= 1) {
      const code = this.#found[index];
      if (!code || at - code.end >= left) break;
      left -= at - code.end;
      at = code.start;
      if (at <= earliest) return earliest;
    }
    return Math.max(earliest, at - left);
  }

  /** Index of the first code that ends after a position. */
  #firstAfter(position: number): number {
    let [low, high] = [0, this.#found.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#found[middle]?.end ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
