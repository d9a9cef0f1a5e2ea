// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import type { Pattern } from './pattern.ts';
import type { Transcript } from './transcript.ts';

/** How to treat a console; all is optional. */
export interface ConsoleOptions {
  /** stands at the front of every message */
  readonly name?: string;
  /** record of all that is received and sent; the console closes it */
  readonly transcript?: Transcript;
  /** most unconsumed output that is kept, in `bytes`; default 4 MiB, the oldest is dropped beyond it */
  readonly bufferBytes?: number;
  /** what `SerialConsole.sendLine` adds; default `\n`, boot loaders and some network systems want `\r` */
  readonly lineEnd?: string;
}

/** How long and in which way to wait for output. */
export interface ExpectOptions extends Wait {
  /** what the messages say was waited for, in place of the patterns */
  readonly awaited?: string;
  /**
   * How long before the newest bytes a match of a regular expression may begin, in `bytes`; default 4096. A longer match
   * is found only when its end comes in one piece. Strings have no such limit.
   */
  readonly windowBytes?: number;
  /** most unconsumed output that is kept while this waits, in `bytes`; default: `bufferBytes` of the console */
  readonly bufferBytes?: number;
}

/** What `SerialConsole.expect` found. */
export interface Match {
  /** which of the patterns, counted from 0 */
  readonly index: number;
  readonly pattern: Pattern;
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
  /** how much output before `before` was lost since more than `bufferBytes` were unconsumed, in `bytes` */
  readonly droppedBytes: number;
}

/** How to send. */
export interface SendOptions extends Partial<Wait> {
  /** sends pieces of at most so many bytes, each when the one before was taken */
  readonly chunkBytes?: number;
  /** waits for the echo of each piece (consuming the output up to it), for devices that lose what is typed ahead */
  readonly echo?: boolean;
  /** keeps the text out of the readable transcript */
  readonly secret?: boolean;
}
