// SPDX-License-Identifier: GPL-3.0-or-later
import { describePattern, expressionOf, type Pattern } from '../core/pattern.ts';
import { constant, either, regularExpression, someText } from '../core/schemas.ts';
import type { ByteQueue } from './byte-queue.ts';
import type { PlainText } from './escape-codes.ts';

/** Pattern that stands for the end of the console: the machine stopped, or the connection is gone. */
export const END: unique symbol = Symbol('end of the console');

/**
 * What to wait for: a text (compared as UTF-8), a regular expression, or {@link END}. Patterns see the output without its
 * escape codes (colours, cursor movements, titles), unless they contain an escape character themselves. A regular expression
 * sees one character per byte (Latin-1), so it is exact on any output; to find non-ASCII text use a string.
 */
export type ConsolePattern = Pattern | typeof END;

/** What a console can wait for. */
export const consolePattern = either<ConsolePattern>(
  'a string that is not empty, a regular expression, or END',
  someText,
  regularExpression.refine(({ source }) => /^[\0-\x7f]*$/.test(source), {
    error: 'a regular expression of ASCII characters, because it sees bytes (or a string)',
  }),
  constant(END, 'END'),
);

/** Where a pattern was found, as positions in the {@link ByteQueue}. */
export interface Found {
  readonly start: number;
  readonly end: number;
  /** what matched, as the pattern saw it */
  readonly bytes: Buffer;
  readonly match: RegExpExecArray | undefined;
}

/** Searches a queue for one pattern, each time only in what is new. */
export type Search = (queue: ByteQueue) => Found | undefined;

/** How many bytes before the search window a look-behind can see. */
const contextBytes = 256;

/** The escape character in the source of a regular expression, as it is or as an escape sequence. */
const escapeCharacter = /\x1b|\\(?:x1b|u001b|c\[)/i;

/**
 * Creates the search for one pattern.
 * @param windowBytes - how long before the newest bytes a match of a regular expression may begin
 */
export function searchFor(pattern: ConsolePattern, windowBytes: number): Search {
  if (pattern === END) return () => undefined;
  return typeof pattern === 'string' ? searchText(pattern) : searchRegExp(pattern, windowBytes);
}

/** Names what a console waits for in a message. */
export function describeAwaited(pattern: ConsolePattern): string {
  return pattern === END ? 'the end of the console' : describePattern(pattern);
}

function searchText(text: string): Search {
  const needle = Buffer.from(text);
  const seen = text.includes('\x1b') ? everything : withoutCodes;
  let searchedTo = 0;
  return (queue) => {
    const { bytes, positionOf } = seen.from(queue, seen.back(queue, searchedTo, needle.length - 1));
    const at = bytes.indexOf(needle);
    searchedTo = seen.certainTo(queue);
    return at < 0 ? undefined : { ...placeOf(positionOf, at, needle.length), bytes: needle, match: undefined };
  };
}

function searchRegExp(pattern: RegExp, windowBytes: number): Search {
  const seen = escapeCharacter.test(pattern.source) ? everything : withoutCodes;
  const regExp = expressionOf(pattern);
  let searchedTo = 0;
  return (queue) => {
    const window = seen.back(queue, searchedTo, windowBytes);
    const base = seen.back(queue, window, contextBytes); // so that ^ and look-behind work at the edge of the window
    const { bytes, positionOf } = seen.from(queue, base);
    regExp.lastIndex = window === base ? 0 : seen.from(queue, base, window).bytes.length;
    const match = regExp.exec(bytes.toString('latin1'));
    searchedTo = seen.certainTo(queue);
    if (!match) return undefined;
    return { ...placeOf(positionOf, match.index, match[0].length), bytes: Buffer.from(match[0], 'latin1'), match };
  };
}

/** Escape codes before a match belong to what came before it, those after it to what comes next. */
function placeOf(positionOf: PlainText['positionOf'], index: number, length: number): { start: number; end: number } {
  const start = positionOf(index);
  return { start, end: length === 0 ? start : positionOf(index + length - 1) + 1 };
}

/** How a pattern sees the output. */
interface View {
  from(queue: ByteQueue, from: number, to?: number): PlainText;
  back(queue: ByteQueue, position: number, count: number): number;
  certainTo(queue: ByteQueue): number;
}

const withoutCodes: View = {
  from: (queue, from, to) => queue.plain(from, to),
  back: (queue, position, count) => queue.plainBack(position, count),
  certainTo: (queue) => queue.certainTo,
};

const everything: View = {
  from: (queue, from, to) => ({ bytes: queue.view(from, to), positionOf: (index) => Math.max(from, queue.start) + index }),
  back: (queue, position, count) => Math.max(queue.start, position - count),
  certainTo: (queue) => queue.end,
};
