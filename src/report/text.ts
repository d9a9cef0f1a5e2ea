// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeBytes, plainText } from '../core/text.ts';

/** Text without escape codes and control characters, lines ended by a line feed alone. */
export function plainLines(text: string): string {
  return plainText(text).replace(/\r\n?/g, '\n');
}

/** Makes one line of any text: control and direction characters become visible escapes, nothing gets lost. */
export function escapeControls(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, (character) => escapeBytes(Buffer.from(character)))
    .replace(/[\u2028-\u202e\u2066-\u2069]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);
}

/**
 * Shortens a text to about `maxLength` characters; keeps beginning and end, which tell what was tried and what happened
 * last, and says how much is missing between.
 */
export function capText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const half = Math.floor(maxLength / 2);
  const missing = text.length - 2 * half;
  const kept = `${text.slice(0, half)}\n… ${missing} characters left out …\n${text.slice(text.length - half)}`;
  return kept.toWellFormed(); // a cut may have split a character in two
}

/** The first line of a text, with a mark when there are more. */
export function firstLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  return more.length > 0 ? `${first} …` : first;
}

/** A duration as people read it: `0.41 s`. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`;
}
