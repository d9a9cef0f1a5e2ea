// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileBounds } from '../core/bounded-file.ts';
import { log } from '../core/step.ts';
import { escapeBytes } from '../core/text.ts';
import { AppendFile } from './append-file.ts';

type Direction = '<' | '>';

/** Longest line of the readable file, in `bytes`: a device that never ends its line must not fill the memory. */
const longestLineBytes = 8192;
const lineFeed = 10;
const carriageReturn = 13;

/**
 * Record of a console in two files, both readable while it runs and complete after {@link Transcript.close}: `<base>.log`
 * holds the bytes received, as they are given to it; `<base>.txt` is for reading: one line per line, escaped, with the time in seconds
 * since the start and the direction (`<` received, `>` sent). The carriage return before a line feed is not shown there. If a
 * file becomes larger than 64 MiB, its middle is left out, and the file says so.
 */
export class Transcript implements AsyncDisposable {
  readonly logPath: string;
  readonly textPath: string;
  readonly #log: AppendFile;
  readonly #text: AppendFile;
  readonly #startMs = performance.now();
  #direction: Direction = '<';
  #line: Buffer[] = [];
  #lineBytes = 0;
  #lineTime = '';
  #isClosed = false;

  private constructor(basePath: string, title: string, bounds: FileBounds | undefined) {
    this.logPath = `${basePath}.log`;
    this.textPath = `${basePath}.txt`;
    this.#log = AppendFile.open(this.logPath, (bytes) => `\n[alpy left out ${bytes} bytes here]\n`, bounds);
    this.#text = AppendFile.open(this.textPath, (bytes) => `# ${bytes} bytes were left out here\n`, bounds);
    this.#text.write(`# ${title}, seconds since ${new Date().toISOString()}\n`);
  }

  /**
   * Starts a record. If a file cannot be written, {@link Transcript.check} and {@link Transcript.close} throw.
   * @param basePath - path of both files without their suffix, such as `…/console`
   * @param title - what the first line of the readable file says
   * @param bounds - of each file
   */
  static create(basePath: string, title = 'serial console', bounds?: FileBounds): Transcript {
    return new Transcript(basePath, title, bounds);
  }

  /** Records bytes that came from the device. */
  received(bytes: Uint8Array): void {
    const copy = Buffer.from(bytes); // the stream may reuse its memory
    this.#log.write(copy);
    this.#add('<', copy);
  }

  /** Records bytes that went to the device; those of a secret as `***` in place of the text. */
  sent(bytes: Uint8Array, secret = false): void {
    this.#add('>', Buffer.from(secret ? '***\n' : bytes));
  }

  /** @throws TranscriptError when something could not be written so far */
  check(): void {
    this.#log.check();
    this.#text.check();
  }

  /**
   * Writes out and closes both files; may be called again.
   * @throws TranscriptError when something could not be written
   */
  async close(): Promise<void> {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    this.#flush();
    const results = await Promise.allSettled([this.#log.close(), this.#text.close()]);
    if (isFirst && this.#log.leftOutBytes > 0)
      log(
        'alpy.console',
        `the guest sent so much that ${this.#log.leftOutBytes} bytes are left out in the middle of ${this.logPath}`,
      );
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #add(direction: Direction, bytes: Buffer): void {
    if (direction !== this.#direction) this.#flush();
    this.#direction = direction;
    let from = 0;
    for (let at = bytes.indexOf(lineFeed); at >= 0; at = bytes.indexOf(lineFeed, from)) {
      this.#append(bytes.subarray(from, at));
      this.#flush(true);
      from = at + 1;
    }
    this.#append(bytes.subarray(from));
    if (this.#lineBytes > longestLineBytes) this.#flush();
  }

  #append(part: Buffer): void {
    if (this.#lineTime === '') this.#lineTime = ((performance.now() - this.#startMs) / 1000).toFixed(3).padStart(9);
    if (part.length === 0) return;
    this.#line.push(part);
    this.#lineBytes += part.length;
  }

  #flush(complete = false): void {
    let line = Buffer.concat(this.#line);
    if (complete && line.at(-1) === carriageReturn) line = line.subarray(0, -1);
    const text = line.length > 0 ? ` ${escapeBytes(line)}` : '';
    if (complete || text !== '') this.#text.write(`${this.#lineTime} ${this.#direction}${text}\n`);
    this.#line = [];
    this.#lineBytes = 0;
    this.#lineTime = '';
  }
}
