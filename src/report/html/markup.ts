// SPDX-License-Identifier: GPL-3.0-or-later
import { visibleLines } from '../text.ts';

/** Markup that needs no escaping. */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = string | number | Html | readonly Html[] | undefined;

/**
 * Template tag for markup. Escapes inserted values unless they are markup, and makes their control and direction characters visible;
 * `undefined` inserts nothing. Drops the indentation of the template itself.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(compact(strings).reduce((text, next, index) => text + rendered(parts[index - 1]) + next));
}

/** The markup of a part if there is something to show. */
export function when<T>(value: T | undefined, part: (value: T) => Html): Html | undefined {
  return value === undefined ? undefined : part(value);
}

/** URL of an artifact relative to the report's folder. */
export function artifactUrl(artifact: string): string {
  return `../${artifact
    .split('/')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/')}`;
}

const compacted = new WeakMap<TemplateStringsArray, readonly string[]>();

function compact(strings: TemplateStringsArray): readonly string[] {
  const known = compacted.get(strings) ?? strings.map((text) => text.replace(/\n\s+/g, '\n'));
  compacted.set(strings, known);
  return known;
}

function rendered(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(({ markup }) => markup).join('');
  const names: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return visibleLines(String(part)).replace(/[&<>"']/g, (character) => names[character] ?? '');
}
