// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeBytes } from '../core/text.ts';
import type { PlainText } from './escape-codes.ts';

/** How the echo of a line that alpy wraps around a command looks to people. */
export interface Disguise {
  /** what is shown in place of the echo: the command alone */
  readonly shownAs: string;
  /** how the markers of the command begin. They end with `@@`, and those before its output have a letter R or B */
  readonly mark: string;
}

/** A line that was typed in disguise. */
export interface TypedLine extends Disguise {
  /** position in the output when it was typed */
  readonly position: number;
  readonly text: string;
}

/** How much of the beginning of a typed line shows that an echo begins, in characters. */
const beginning = 12;

/**
 * The last output as a person at the console would have seen it: without alpy's markers, and with commands in place of the lines
 * that alpy typed. Escaped except for line ends and tabs. Pure.
 * @param tail - the last output without escape codes
 */
export function readableTail({ bytes, positionOf }: PlainText, typed: readonly TypedLine[]): string {
  const text = bytes.toString('latin1');
  let [out, from] = ['', 0];
  for (const [index, line] of typed.entries()) {
    const start = indexOf(line.position, positionOf, text.length);
    const next = typed[index + 1];
    const begin = beginOf(text, start, line);
    const isOver = start === 0 || text.includes(line.mark); // its beginning, at least, came before the text
    if (start < from || (begin === undefined && isOver)) continue;
    const end = begin ?? (next ? indexOf(next.position, positionOf, text.length) : text.length);
    out += text.slice(from, start) + shown(text.slice(start, end), line, begin !== undefined);
    from = end;
  }
  return withoutMarkers(out + text.slice(from), typed)
    .split(/\r*\n/)
    .map(escapeLine)
    .join('\n');
}

/** The index of the first byte at or after a position. */
function indexOf(position: number, positionOf: PlainText['positionOf'], length: number): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positionOf(middle) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Position of the marker before the output of the command; `undefined` without a marker. */
function beginOf(text: string, start: number, { mark }: TypedLine): number | undefined {
  const begin = Math.max(text.indexOf(`${mark}R@@`, start), text.indexOf(`${mark}B@@`, start));
  return begin < 0 ? undefined : begin;
}

/**
 * What to show of the text between a typed line and the output of its command: the prompt, if it came late, the command, and what is
 * not its echo, such as a message of the kernel.
 */
function shown(text: string, { text: typed, shownAs }: TypedLine, hasBegun: boolean): string {
  const echo = Buffer.from(typed).toString('latin1').replace(/\s/g, '');
  const command = Buffer.from(shownAs).toString('latin1');
  const lines: string[] = [];
  let isShown = false;
  for (const piece of text.split(/[\r\n]+/)) {
    const { before, after } = splitAtEcho(piece, echo) ?? { before: piece, after: undefined };
    const isEcho = after !== undefined;
    if (isEcho && !isShown) lines.push(`${before}${command}`, after);
    else lines.push(before, after ?? '');
    isShown ||= isEcho;
  }
  const visible = lines.filter((line) => line.trim() !== '');
  return (isShown || !hasBegun ? visible : [command, ...visible]).join('\n');
}

/**
 * What is around the echo in a line; `undefined` if none of it is there. A line editor may have broken the echo into lines, or show a
 * part of it at a time.
 * @param echo - without white space
 */
function splitAtEcho(line: string, echo: string): { readonly before: string; readonly after: string } | undefined {
  const visible = line.replace(/\s/g, '').replace(/^<|>$/g, '');
  if (visible !== '' && echo.includes(visible)) return { before: '', after: '' };
  for (let start = 0; start < line.length; start += 1) {
    const end = endOfMatch(line, start, echo);
    if (end > start) return { before: line.slice(0, start).replace(/\s+$/, ' ').replace(/^ $/, ''), after: line.slice(end) };
  }
  return undefined;
}

/** Where the echo ends that begins at `start`; `start` if none does. */
function endOfMatch(line: string, start: number, echo: string): number {
  let [matched, end] = [0, start];
  for (; end < line.length; end += 1) {
    if (line[end] === echo[matched]) matched += 1;
    else if (line[end] !== ' ' || matched === 0) break;
  }
  return matched < beginning ? start : end;
}

function withoutMarkers(text: string, typed: readonly TypedLine[]): string {
  const marks = [...new Set(typed.map(({ mark }) => mark))];
  if (marks.length === 0) return text;
  return text.replace(new RegExp(String.raw`(?:(?:\r*\n)*(?:${marks.join('|')})[A-Z]\d*@@\r*\n?)+`, 'g'), '\n');
}

/** Line by line: an invalid byte then spoils only its line. */
function escapeLine(line: string): string {
  return line
    .split('\t')
    .map((part) => escapeBytes(Buffer.from(part, 'latin1')))
    .join('\t');
}
