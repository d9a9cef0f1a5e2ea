// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, messageOf, partsOf, type ErrorDetail } from './errors.ts';
import { plainText } from './text.ts';

/** How many lines of an output an error shows. */
const shownLines = 20;

/**
 * The last lines of an output as a detail of an error, without escape codes.
 * @returns an empty list if the output has no visible text
 */
export function outputDetail(title: string, output: string): readonly ErrorDetail[] {
  const lines = linesOf(output).slice(-shownLines);
  return lines.length === 0 ? [] : [{ title, lines }];
}

/** Longest line of an output that a message quotes, in characters. */
const quotedLength = 300;

/** How an error shows the output of a failed program: the message ends with its last line, which usually says why it failed. */
export interface DescribedOutput {
  /** for the end of the message */
  readonly ending: string;
  /** more lines; empty if the message has all */
  readonly details: readonly ErrorDetail[];
}

/** Describes the output of a failed program; see {@link DescribedOutput}. */
export function describeOutput(title: string, output: string): DescribedOutput {
  const last = linesOf(output).at(-1)?.trim();
  if (last === undefined) return { ending: ', and it printed nothing', details: [] };
  const details = outputDetail(title, output);
  const isWhole = last.length <= quotedLength;
  const isAll = isWhole && details[0]?.lines.length === 1;
  return { ending: `: ${isWhole ? last : `${last.slice(0, quotedLength)}…`}`, details: isAll ? [] : details };
}

/** Most characters of an output that are searched for its last lines: an app can print without end. */
const maxLength = 65_536;

/** The last lines without escape codes and without blank lines at both ends. */
function linesOf(output: string): readonly string[] {
  const lines = plainText(output.slice(-maxLength))
    .split(/\r*\n|\r+/)
    .map((line) => line.trimEnd());
  const isText = (line: string): boolean => line !== '';
  return lines.slice(Math.max(0, lines.findIndex(isText)), lines.findLastIndex(isText) + 1);
}

/** An error as text for a terminal or a log: its message, then its details, indented. If it stands for several, all of them. */
export function fullMessageOf(error: unknown): string {
  return partsOf(error)
    .map((part) => [messageOf(part), ...(part instanceof AlpyError ? detailLines(part.details ?? []) : [])].join('\n'))
    .join('\n');
}

/** Details as lines of text. */
export function detailLines(details: readonly ErrorDetail[]): readonly string[] {
  return details.flatMap(({ title, lines }) => [`${title}:`, ...lines.map((line) => `  ${line}`)]);
}
