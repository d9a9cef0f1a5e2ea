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

/** The last line of an output that is not blank, for the end of a message; `undefined` if there is none. */
export function lastLineOf(output: string): string | undefined {
  return linesOf(output).at(-1)?.trim();
}

/** Lines without escape codes and without blank lines at both ends. */
function linesOf(output: string): readonly string[] {
  const lines = plainText(output)
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
