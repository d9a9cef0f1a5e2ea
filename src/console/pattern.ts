// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { escapeBytes } from '../core/text.ts';
import type { ByteQueue } from './byte-queue.ts';

/** Pattern that stands for the end of the console: the machine stopped, or the connection is gone. */
export const END: unique symbol = Symbol('end of the console');

/**
 * What to wait for: a text (compared as UTF-8), a regular expression, or {@link END}. A regular expression sees one
 * character per byte (Latin-1), so it is exact on any output; to find non-ASCII text use a string.
 */
export type Pattern = string | RegExp | typeof END;

/** Where a pattern was found, as positions of the {@link ByteQueue}. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly match: RegExpExecArray | undefined;
}

/** Searches a queue for one pattern, each time only in what is new. */
export type Search = (queue: ByteQueue) => Found | undefined;

/** How many bytes before the place of the search a look-behind may see. */
const contextBytes = 256;

/**
 * Makes the search for one pattern.
 * @param windowBytes - how long before the newest bytes a match of a regular expression may begin
 * @throws UsageError for an empty text, and for a regular expression with a non-ASCII character
 */
export function searchFor(pattern: Pattern, windowBytes: number): Search {
  if (pattern === END) return () => undefined;
  return typeof pattern === 'string' ? searchText(pattern) : searchRegExp(pattern, windowBytes);
}

/** Names a pattern in a message. */
export function describePattern(pattern: Pattern): string {
  if (pattern === END) return 'the end of the console';
  return typeof pattern === 'string' ? `"${escapeBytes(Buffer.from(pattern))}"` : String(pattern);
}

function searchText(text: string): Search {
  const needle = Buffer.from(text);
  if (needle.length === 0) throw new UsageError('expect: the empty string matches anywhere; name a text to wait for');
  let searchedTo = 0;
  return (queue) => {
    const from = Math.max(queue.start, searchedTo - needle.length + 1);
    const at = queue.view(from).indexOf(needle);
    searchedTo = queue.end;
    return at < 0 ? undefined : { start: from + at, end: from + at + needle.length, match: undefined };
  };
}

function searchRegExp(pattern: RegExp, windowBytes: number): Search {
  if (/[^\0-\x7f]/.test(pattern.source)) {
    throw new UsageError(`expect: ${String(pattern)} has a non-ASCII character, but regular expressions see bytes; use a string`);
  }
  // a copy of our own: "g" makes lastIndex count, and the caller's lastIndex stays as it was
  const regExp = new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`);
  let searchedTo = 0;
  return (queue) => {
    const from = Math.max(queue.start, searchedTo - windowBytes);
    const base = Math.max(queue.start, from - contextBytes); // so that ^ and look-behind are true at the window's edge
    regExp.lastIndex = from - base;
    const match = regExp.exec(queue.view(base).toString('latin1'));
    searchedTo = queue.end;
    if (!match) return undefined;
    return { start: base + match.index, end: base + match.index + match[0].length, match };
  };
}
