// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import { END, type Pattern } from '../../console/index.ts';

/** What a console that stands still may want: `login` a user name, `password` a password, `shell` commands. */
export type PromptKind = 'login' | 'password' | 'shell';

/** Prompts of a device, by kind. */
export type Prompts = Readonly<Record<PromptKind, Pattern>>;

/** The usual prompts. That of a shell ends with a blank: progress is often shown by `#`, `%` or `>` at the end of a line. */
export const usualPrompts: Prompts = {
  login: /(?<!Last )(?:login|user ?name): *$/i,
  password: /password(?: for (?:user )?\S+)?: *$/i,
  shell: /[#$%>] $/,
};

/** A line of the kernel, which may come at any byte of what programs print. */
const kernelLine = /\[ *\d+\.\d{6}\](?:\[ *[CT]\d+\])? [^\n]*\n/g;

/** The output as programs printed it: without what is surely the kernel's. */
export function withoutKernelLines(text: string): string {
  return text.replace(kernelLine, '');
}

/** What comes after the last line feed of a text. */
export function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

/**
 * Says which prompt the output ends with. A prompt stands in the last line: banners and messages of the day may well name
 * passwords and logins. Of several, the one that begins first counts.
 * @param text - output without escape codes, one character per byte
 */
export function promptAtEnd(text: string, prompts: Prompts): PromptKind | undefined {
  let best: { readonly kind: PromptKind; readonly start: number } | undefined;
  for (const kind of ['login', 'password', 'shell'] as const) {
    const start = startInLastLine(text, prompts[kind]);
    if (start !== undefined && (!best || start < best.start)) best = { kind, start };
  }
  return best?.kind;
}

/** Whether a pattern is found anywhere in the text. */
export function isIn(text: string, pattern: Pattern): boolean {
  return expressionOf(pattern).test(text);
}

/** Where a match begins that ends in the last line of the text. */
function startInLastLine(text: string, pattern: Pattern): number | undefined {
  const lineStart = text.length - lastLine(text).length;
  for (const { 0: found, index } of text.matchAll(expressionOf(pattern))) {
    if (found !== '' && index + found.length > lineStart) return index;
  }
  return undefined;
}

function expressionOf(pattern: Pattern): RegExp {
  if (pattern === END) throw new UsageError('the end of the console is no prompt');
  if (typeof pattern !== 'string') return new RegExp(pattern.source, `${pattern.flags.replace(/[gy]/g, '')}g`);
  return new RegExp(
    Buffer.from(pattern)
      .toString('latin1')
      .replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`),
    'g',
  );
}
