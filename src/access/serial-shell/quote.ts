// SPDX-License-Identifier: GPL-3.0-or-later
import { printfEscape, quoteWord } from '../../core/text.ts';

/**
 * Quotes any text as one word to be typed at a prompt, without characters that a terminal, a line editor or bash's history
 * would interpret. Plain text stays plain, because `printf` costs the device a process.
 */
export function typedWord(text: string): string {
  return /^[ "-~]*$/.test(text) ? quoteWord(text) : String.raw`"$(\command printf %b '${escapeText(Buffer.from(text))}')"`;
}

/** Encodes bytes for `printf %b`, to stand within `''` in what is typed at a prompt; as short as possible. */
export function escapeText(bytes: Uint8Array): string {
  return printfEscape(bytes, /^[ "-&(-~]$/);
}
