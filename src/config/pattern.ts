// SPDX-License-Identifier: GPL-3.0-or-later
import type { Pattern } from '../core/pattern.ts';

const written = /^\/(?<source>.+)\/(?<flags>[a-z]*)$/su;

/**
 * Converts a prompt of the configuration: text between slashes is a regular expression, everything else is literal.
 * @throws {@link SyntaxError} if the regular expression is invalid, which cannot happen in a checked configuration
 */
export function patternOf(text: string): Pattern {
  const { source, flags } = written.exec(text)?.groups ?? {};
  return source === undefined ? text : new RegExp(source, flags);
}

/** Whether {@link patternOf} accepts `text`. */
export function isPattern(text: string): boolean {
  try {
    return patternOf(text) !== '';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
