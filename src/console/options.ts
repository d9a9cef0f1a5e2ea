// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import type { ConsolePattern } from './pattern.ts';
import type { Disguise } from './readable-tail.ts';
import type { Transcript } from './transcript.ts';

/** Options of a console. */
export interface ConsoleOptions {
  /** prefix of every error message */
  readonly name?: string;
  /** records everything received and sent; the console closes it */
  readonly transcript?: Transcript;
  /** how much unconsumed output is kept, in `bytes`; default 4 MiB; the oldest is dropped */
  readonly bufferBytes?: number;
  /** what `SerialConsole.sendLine` adds; default `\n`; boot loaders and some network systems expect `\r` */
  readonly lineEnd?: string;
}

/** How to wait for output, and how long. */
export interface ExpectOptions extends Wait {
  /** what error messages name as awaited; default: the patterns */
  readonly awaited?: string;
  /**
   * How long before the newest bytes a match of a regular expression may begin, in `bytes`; default 4096. A longer match
   * is found only when its end comes in one piece. Strings have no such limit.
   */
  readonly windowBytes?: number;
  /** how much unconsumed output is kept while this waits, in `bytes`; default: `bufferBytes` of the console */
  readonly bufferBytes?: number;
}

/** What `SerialConsole.expect` found. */
export interface Match {
  /** which of the patterns, counted from 0 */
  readonly index: number;
  readonly pattern: ConsolePattern;
  /** result of the regular expression: one character per byte; for other patterns the text alone */
  readonly match: readonly (string | undefined)[];
  /** named groups of the regular expression */
  readonly groups: Readonly<Record<string, string | undefined>>;
  /** what came before the match, decoded as UTF-8 */
  readonly before: string;
  /** the same as bytes */
  readonly beforeBytes: Buffer;
  /** the match itself, decoded as UTF-8 */
  readonly text: string;
  /** how much output was dropped before `before` because more than `bufferBytes` were unconsumed, in `bytes` */
  readonly droppedBytes: number;
}

/** How to send. */
export interface SendOptions extends Partial<Wait> {
  /** sends pieces of at most this many bytes, each after the previous one was taken */
  readonly chunkBytes?: number;
  /** waits for the echo of each piece (consuming the output up to it), for devices that lose what is typed ahead */
  readonly echo?: boolean;
  /** keeps the text out of the readable transcript */
  readonly secret?: boolean;
  /** how the echo looks in error messages; default: as it comes. @internal */
  readonly disguise?: Disguise;
}
