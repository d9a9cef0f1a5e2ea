// SPDX-License-Identifier: GPL-3.0-or-later
import { capText, escapeControls, plainLines } from '../report/text.ts';

/** Escapes a text for a line of Markdown. Entities are safe everywhere, because Markdown sees no markup in them. */
export function inline(text: string, maxLength = 200): string {
  return escapeControls(capText(text, maxLength).replaceAll('\n', ' ')).replace(/[^\p{L}\p{N} .,;()/-]/gu, entity);
}

/**
 * A folded text below a title.
 * @param summary - of {@link inline}, and own markup
 */
export function foldedBlock(summary: string, text: string): string {
  const escaped = plainLines(text).replace(/[^\p{L}\p{N} .,;()/:\n-]/gu, entity);
  // a blank line would end the HTML block and start Markdown
  return `<details><summary>${summary}</summary><pre>${escaped.replaceAll('\n', '&#10;')}</pre></details>`;
}

function entity(character: string): string {
  return `&#${character.codePointAt(0) ?? 0xfffd};`;
}
