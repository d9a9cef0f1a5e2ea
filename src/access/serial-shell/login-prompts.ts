// SPDX-License-Identifier: GPL-3.0-or-later
import { expressionOf, matcherOf, type Pattern } from '../../core/pattern.ts';

/**
 * What a silent console may wait for: `login` a user name, `password` a password, `shell` commands, `oldPassword` and `newPassword`
 * a password while the password is changed.
 */
export type PromptKind = 'login' | 'password' | 'shell' | 'oldPassword' | 'newPassword';

/** Prompts of a device, by kind. */
export type Prompts = Readonly<Record<'login' | 'password' | 'shell', Pattern> & Partial<Record<PromptKind, Pattern>>>;

/** The default prompts. That of a shell ends with a blank, because `#`, `%` or `>` at the end of a line often shows progress. */
export const defaultPrompts: Prompts = {
  login: /(?<!Last )(?:login|user ?name): *$/i,
  password: /password(?: for (?:user )?\S+)?: *$/i,
  shell: /[#$%>] $/,
};

/** Prompts of a device that asks for a new password. They begin before the text that the prompt for a password matches. */
export const newPasswordPrompts = {
  oldPassword: /\(?(?:current|old)\b[^\n:>]*password[^\n:>]*[:>] *$/i,
  newPassword:
    /(?:\bnew\b[^\n:>]*|\b(?:re-?type|re-?enter|repeat|confirm|verify)\b[^\n:>]*)password[^\n:>]*[:>] *$|password[^\n:>]*\b(?:again|confirm\w*)[^\n:>]*[:>] *$/i,
};

/** A line of the kernel, which may interrupt the output of programs at any byte. */
const kernelLine = /\[ *\d+\.\d{6}\](?:\[ *[CT]\d+\])? [^\n]*\n/g;

/** The output of programs: the text without lines that are surely the kernel's. */
export function withoutKernelLines(text: string): string {
  return text.replace(kernelLine, '');
}

/** The text after its last line feed. */
export function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

/**
 * Returns which prompt the output ends with. A prompt is in the last line: banners and messages of the day may mention passwords
 * and logins. If several match, the one that begins first counts.
 * @param text - output without escape codes, one character per byte
 */
export function promptAtEnd(text: string, prompts: Prompts): PromptKind | undefined {
  let best: { readonly kind: PromptKind; readonly start: number } | undefined;
  for (const kind of ['login', 'password', 'shell', 'oldPassword', 'newPassword'] as const) {
    const prompt = prompts[kind];
    const start = prompt === undefined ? undefined : startInLastLine(text, prompt);
    if (start !== undefined && (!best || start < best.start)) best = { kind, start };
  }
  return best?.kind;
}

/** Whether the text contains a match of the pattern. */
export function isIn(text: string, pattern: Pattern): boolean {
  return matcherOf(inBytes(pattern))(text);
}

/** Where a match begins that ends in the last line of the text, if there is one. */
function startInLastLine(text: string, pattern: Pattern): number | undefined {
  const lineStart = text.length - lastLine(text).length;
  for (const { 0: found, index } of text.matchAll(expressionOf(inBytes(pattern)))) {
    if (found !== '' && index + found.length > lineStart) return index;
  }
  return undefined;
}

/** A pattern for text that has one character per byte. */
export function inBytes(pattern: Pattern): Pattern {
  return typeof pattern === 'string' ? Buffer.from(pattern).toString('latin1') : pattern;
}
