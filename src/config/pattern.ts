// SPDX-License-Identifier: GPL-3.0-or-later

const written = /^\/(?<source>.+)\/(?<flags>[a-z]*)$/su;

/**
 * What a prompt of the configuration stands for: text between slashes is a regular expression, everything else is itself.
 * @throws {@link SyntaxError} when the text is no valid regular expression; a checked configuration holds none of those
 */
export function patternOf(text: string): string | RegExp {
  const { source, flags } = written.exec(text)?.groups ?? {};
  return source === undefined ? text : new RegExp(source, flags);
}

/** Whether {@link patternOf} takes `text`. */
export function isPattern(text: string): boolean {
  try {
    return patternOf(text) !== '';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
