// SPDX-License-Identifier: GPL-3.0-or-later
import { Duplex } from 'node:stream';
import { argumentsOf } from '../core/arguments.ts';
import type { Wait } from '../core/deadline.ts';
import {
  either,
  flag,
  functionOf,
  instanceOf,
  listOf,
  milliseconds,
  options,
  text,
  textOrBytes,
  waitSchemas,
  wholeNumber,
} from '../core/schemas.ts';
import { consolePattern, type ConsolePattern } from './pattern.ts';
import type { Disguise } from './readable-tail.ts';
import { Transcript } from './transcript.ts';

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

const sendOptions = options<SendOptions>(
  {
    ...waitSchemas,
    chunkBytes: wholeNumber(1).optional(),
    echo: flag.optional(),
    secret: flag.optional(),
    disguise: options<Disguise>({ shownAs: text, mark: text }).optional(),
  },
  ['disguise'],
).optional();

const expectOptions = options<ExpectOptions>({
  ...waitSchemas,
  timeoutMs: milliseconds,
  awaited: text.optional(),
  windowBytes: wholeNumber(1).optional(),
  bufferBytes: wholeNumber(1).optional(),
});

const consoleOptions = options<ConsoleOptions>({
  name: text.optional(),
  transcript: instanceOf(Transcript, 'a Transcript').optional(),
  bufferBytes: wholeNumber(1).optional(),
  lineEnd: text.optional(),
}).optional();

const patterns = 'a string that is not empty, a regular expression, END, or a list of these';

/** Checks of the arguments of a console's functions. */
export const check = {
  open: argumentsOf('SerialConsole.open', { stream: instanceOf(Duplex, 'a duplex stream'), options: consoleOptions }),
  discard: argumentsOf('dut.console.discard', { to: wholeNumber(0).optional() }),
  observe: argumentsOf('dut.console.observe', { observer: functionOf() }),
  expect: argumentsOf('dut.console.expect', {
    pattern: either<ConsolePattern | readonly ConsolePattern[]>(patterns, consolePattern, listOf(consolePattern, patterns, 1)),
    options: expectOptions,
  }),
  send: argumentsOf('dut.console.send', { data: textOrBytes, options: sendOptions }),
  sendLine: argumentsOf('dut.console.sendLine', { text: text.optional(), options: sendOptions }),
  close: argumentsOf('dut.console.close'),
};
