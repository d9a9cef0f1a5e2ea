// SPDX-License-Identifier: GPL-3.0-or-later
import { constants, createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { TranscriptError } from './errors.ts';

/** How long writes are collected, in `ms`: a serial port delivers few bytes at a time, and each write costs time. */
const gatherMs = 20;

/**
 * Appends without following a link or waiting for a pipe that a container may have put there. Node accepts numbers here; its
 * types do not say so.
 */
const appendFlags = (constants.O_WRONLY |
  constants.O_CREAT |
  constants.O_APPEND |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK) as unknown as string;

/** A file to append to. Writing neither waits nor throws; {@link check} and {@link close} throw what failed. */
export class AppendFile {
  readonly path: string;
  readonly #stream: WriteStream;
  #error: TranscriptError | undefined;

  private constructor(path: string) {
    this.path = path;
    this.#stream = createWriteStream(path, { flags: appendFlags, flush: true });
    this.#stream.on('error', (cause) => {
      this.#error ??= new TranscriptError(path, { cause });
    });
  }

  /** Opens the file in the background; {@link check} and {@link close} throw if that failed. */
  static open(path: string): AppendFile {
    return new AppendFile(path);
  }

  /** Adds to the file; after a failure it does nothing. */
  write(data: Uint8Array | string): void {
    if (this.#error !== undefined || this.#stream.writableEnded) return;
    if (this.#stream.writableCorked === 0) {
      this.#stream.cork();
      setTimeout(() => {
        this.#stream.uncork(); // does nothing if the file was closed meanwhile
      }, gatherMs).unref();
    }
    this.#stream.write(data);
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
    this.#stream.end();
    await finished(this.#stream).catch((cause: unknown) => {
      this.#error ??= new TranscriptError(this.path, { cause: cause instanceof Error ? cause : new Error(String(cause)) });
    });
    this.check();
  }
}
