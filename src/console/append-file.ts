// SPDX-License-Identifier: GPL-3.0-or-later
import { BoundedFile, type FileBounds } from '../core/bounded-file.ts';
import { TranscriptError } from './errors.ts';

/** How long writes are collected, in `ms`: a serial port delivers few bytes at a time, and each write costs time. */
const gatherMs = 20;

/**
 * A file to append to, whose middle is left out when it becomes too large. Writing neither waits nor throws; {@link check} and
 * {@link close} throw what failed.
 */
export class AppendFile {
  readonly path: string;
  #file: BoundedFile | undefined;
  #gathered: Uint8Array[] = [];
  #timer: NodeJS.Timeout | undefined;
  #leftOutBytes = 0;
  #error: TranscriptError | undefined;

  private constructor(path: string, note: (leftOutBytes: number) => string, bounds?: FileBounds) {
    this.path = path;
    this.#try(() => {
      this.#file = new BoundedFile(path, note, bounds);
    });
  }

  /**
   * Opens the file; {@link check} and {@link close} throw if that failed.
   * @param note - see {@link BoundedFile}
   */
  static open(path: string, note: (leftOutBytes: number) => string, bounds?: FileBounds): AppendFile {
    return new AppendFile(path, note, bounds);
  }

  /** How many bytes were left out. */
  get leftOutBytes(): number {
    return this.#leftOutBytes;
  }

  /** Adds to the file; after a failure it does nothing. */
  write(data: Uint8Array | string): void {
    if (this.#error !== undefined || this.#file === undefined) return;
    this.#gathered.push(typeof data === 'string' ? Buffer.from(data) : data);
    this.#timer ??= setTimeout(() => {
      this.#writeGathered();
    }, gatherMs).unref();
  }

  /** @throws {@link TranscriptError} if something could not be written */
  check(): void {
    if (this.#error) throw this.#error;
  }

  /**
   * Writes out and closes; may be called again.
   * @throws {@link TranscriptError} if something could not be written
   */
  async close(): Promise<void> {
    this.#writeGathered();
    const file = this.#file;
    this.#file = undefined;
    await file?.sync().catch((error: unknown) => {
      this.#fail(error);
    });
    this.#try(() => file?.close());
    this.check();
  }

  #writeGathered(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const data = Buffer.concat(this.#gathered);
    this.#gathered = [];
    if (data.length === 0) return;
    this.#try(() => this.#file?.append(data));
    this.#leftOutBytes = this.#file?.leftOutBytes ?? 0;
  }

  #try(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#error ??= new TranscriptError(this.path, { cause: error instanceof Error ? error : new Error(String(error)) });
  }
}
