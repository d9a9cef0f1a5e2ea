// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeBytes, escapeDirections, plainText } from '../core/text.ts';

/** Removes escape codes and control characters, and ends lines with a line feed only. Direction characters become visible escapes. */
export function plainLines(text: string): string {
  return plainText(text).replace(/\r\n?/g, '\n');
}

/** Converts any text to one line: control and direction characters become visible escapes. */
export function escapeControls(text: string): string {
  return escapeDirections(text.toWellFormed().replace(/\p{Cc}/gu, escapeCharacter));
}

/** Like {@link escapeControls}, but keeps tabs and lines, which end with a line feed only. */
export function visibleLines(text: string): string {
  const lines = text.toWellFormed().replace(/\r\n?/g, '\n');
  return escapeDirections(lines.replace(/[^\P{Cc}\n\t]/gu, escapeCharacter));
}

function escapeCharacter(character: string): string {
  return escapeBytes(Buffer.from(character));
}

/**
 * Shortens a text to about `maxLength` characters. Keeps the beginning and the end, which show what was tried and what happened last,
 * and says how much is missing between them.
 */
export function capText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const half = Math.floor(maxLength / 2);
  const missing = text.length - 2 * half;
  const kept = `${text.slice(0, half)}\n… ${missing} characters left out …\n${text.slice(text.length - half)}`;
  return kept.toWellFormed(); // the cuts may have split characters
}

/** The first line of a text, followed by `…` if there are more. */
export function firstLine(text: string): string {
  const [first = '', ...more] = text.trim().split('\n');
  return more.length > 0 ? `${first} …` : first;
}

/** A duration for people: `0.41 s`. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(2)} s`;
}
