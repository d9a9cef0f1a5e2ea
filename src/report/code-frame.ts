// SPDX-License-Identifier: GPL-3.0-or-later
// eslint-disable-next-line no-restricted-imports -- for sources of the project, which may be links
import { readFileSync, statSync } from 'node:fs';
import { plainText } from '../core/text.ts';

/** Larger files are not read. */
const maxFileBytes = 2_000_000;
const maxLineLength = 160;
/** Lines before and after the marked one. */
const [linesBefore, linesAfter] = [2, 2];
/** Only sources are shown: the name of a file comes from an error, which anything can throw. */
const sourceName = /\.[cm]?[jt]sx?$/;

/**
 * The lines around a place in a source file, with line numbers and a mark. Reads the file.
 * @param file - absolute path
 * @param line - from 1
 * @param column - from 1
 * @returns undefined if there is no such line, or the file is not a source file
 */
export function readCodeFrame(file: string, line: number, column: number): string | undefined {
  if (!sourceName.test(file)) return undefined;
  try {
    const stats = statSync(file);
    if (!stats.isFile() || stats.size > maxFileBytes) return undefined;
    return codeFrame(readFileSync(file, 'utf8'), line, column);
  } catch {
    return undefined; // it may be gone; the place alone helps, too
  }
}

/** Like {@link readCodeFrame}, for a text. Pure. */
export function codeFrame(source: string, line: number, column: number): string | undefined {
  const lines = source.split(/\r?\n/);
  if (line < 1 || line > lines.length) return undefined;
  const isBlank = (number: number): boolean => (lines[number - 1] ?? '').trim() === '';
  let first = Math.max(1, line - linesBefore);
  let last = Math.min(lines.length, line + linesAfter);
  while (first < line && isBlank(first)) first++;
  while (last > line && isBlank(last)) last--;
  const width = String(last).length;
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = lines[number - 1] ?? '';
    const isMarked = number === line;
    const from = isMarked && column > maxLineLength ? column - maxLineLength / 2 : 0; // of a long line, the part with the mark
    const mark = isMarked ? '>' : ' ';
    shown.push(`${mark} ${String(number).padStart(width)} | ${visible(text.slice(from, from + maxLineLength))}`.trimEnd());
    if (isMarked) shown.push(`  ${' '.repeat(width)} | ${' '.repeat(visible(text.slice(from, column - 1)).length)}^`);
  }
  return shown.join('\n');
}

function visible(text: string): string {
  return plainText(text).replaceAll('\t', '  ');
}
