// SPDX-License-Identifier: GPL-3.0-or-later
import { stripVTControlCharacters } from 'node:util';

/**
 * Cuts a line to a number of columns, because a line that wraps could not be erased. A line that is cut loses its colours. Pure.
 * @param columns - characters from U+1100 on may take two
 */
export function fitLine(line: string, columns: number): string {
  const characters = [...stripVTControlCharacters(line)];
  let left = columns;
  const end = characters.findIndex((character) => (left -= widthOf(character)) < 0);
  if (end < 0) return line;
  let kept = characters.slice(0, end);
  if (left + widthOf(characters[end] ?? '') < 1) kept = kept.slice(0, -1); // room for the mark
  return `${kept.join('')}…`;
}

function widthOf(character: string): number {
  return (character.codePointAt(0) ?? 0) >= 0x1100 && character !== '…' ? 2 : 1;
}
