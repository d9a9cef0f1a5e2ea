// SPDX-License-Identifier: GPL-3.0-or-later
import { escapeBytes } from './text.ts';

/** What to look for: a text, or a regular expression. */
export type Pattern = string | RegExp;

/**
 * A regular expression that finds all matches of a pattern. A copy, because `g` makes `lastIndex` count, and that of the caller's
 * expression must neither matter nor change.
 */
export function expressionOf(pattern: Pattern): RegExp {
  if (typeof pattern === 'string') return new RegExp(pattern.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`), 'g');
  return new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`);
}

/** Returns whether a text contains a match. */
export function matcherOf(pattern: Pattern): (text: string) => boolean {
  if (typeof pattern === 'string') return (text) => text.includes(pattern);
  const { source, flags } = pattern;
  const expression = new RegExp(source, flags.replace(/[gy]/g, ''));
  return (text) => expression.test(text);
}

/** Names a pattern in a message. */
export function describePattern(pattern: Pattern): string {
  return typeof pattern === 'string' ? `"${escapeBytes(Buffer.from(pattern))}"` : String(pattern);
}
