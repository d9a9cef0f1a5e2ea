// SPDX-License-Identifier: GPL-3.0-or-later
import { sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const names: Readonly<Record<number, string>> = { 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 13: '\\r', 27: '\\e', 92: '\\\\' };

/**
 * Makes bytes readable without losing any: printable ASCII and valid UTF-8 stay, everything else becomes an escape (`\n`, `\e`,
 * `\x00`), also characters that change the direction of writing (`\u202e`).
 */
export function escapeBytes(bytes: Uint8Array): string {
  let out = '';
  let utf8: string;
  try {
    utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    utf8 = Buffer.from(bytes).toString('latin1'); // not UTF-8: byte by byte
    return [...utf8].map((character) => escapeCode(character.charCodeAt(0), character, false)).join('');
  }
  for (const character of utf8) out += escapeCode(character.codePointAt(0) ?? 0, character, true);
  return escapeDirections(out);
}

function escapeCode(code: number, character: string, keepAbove127: boolean): string {
  const name = names[code];
  if (name !== undefined) return name;
  if (code < 32 || code === 127 || (code > 127 && (!keepAbove127 || code < 160)))
    return `\\x${code.toString(16).padStart(2, '0')}`;
  return character;
}

/**
 * Converts Unicode's separators of lines and its controls of writing direction, which can make a text look like another, to escapes
 * (`\u202e`).
 */
export function escapeDirections(text: string): string {
  return text.replace(/[\u2028-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/**
 * Removes escape sequences and the control characters that XML 1.0 forbids. Keeps tabs, line feeds and carriage returns. Characters
 * that change the direction of writing become visible escapes.
 */
export function plainText(text: string): string {
  const plain = stripVTControlCharacters(text)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, '')
    .toWellFormed();
  return escapeDirections(plain);
}

/** JSON in which control, direction and unpaired characters are escaped, so that a terminal can show the text. It means the same. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The last `length` characters of `text`, after `…` if something was left out. */
export function tail(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(text.length - length)}`;
}

/** A text such as a command as one line of at most `length` characters. */
export function oneLine(text: string, length = 100): string {
  const line = text.trim().replace(/\s*\n\s*/g, '; ');
  return line.length > length ? `${line.slice(0, length)}…` : line;
}

/** A duration for people: `150 ms`, `1.5 s`, `4 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Number((ms / 1000).toFixed(1))} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`;
}

/** A time as ISO 8601 in UTC; `unknown` for a number that is no time. @param timeMs - in `ms` since 1970 */
export function timeText(timeMs: number): string {
  const time = new Date(timeMs);
  return Number.isNaN(time.getTime()) ? 'unknown' : time.toISOString();
}

/** A path with forward slashes, as reports show it on every system. */
export function slashes(path: string): string {
  return path.split(sep).join('/');
}

/** Formats rows as lines with aligned columns. */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return cells.join('  ').trimEnd();
  });
}

/** A character that means nothing special to a terminal, a line editor or a shell. */
const harmless = /^[A-Za-z0-9 _./,:=+@-]$/;

/**
 * Encodes bytes as one line for `printf %b`.
 * @param plain - matches each character that stays as it is; default: only those that are harmless everywhere
 */
export function printfEscape(bytes: Uint8Array, plain = harmless): string {
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    if (character === '\n') return String.raw`\n`;
    if (character === '\\') return String.raw`\\`;
    return plain.test(character) ? character : `\\0${byte.toString(8).padStart(3, '0')}`;
  }).join('');
}

/** Quotes any text as one word of a shell. */
export function quoteWord(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Like {@link quoteWord}, but for people to read: quotes only if necessary. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : quoteWord(text);
}
