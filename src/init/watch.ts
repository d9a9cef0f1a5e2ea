// SPDX-License-Identifier: GPL-3.0-or-later
import { lastLine, promptAtEnd, defaultPrompts, withoutKernelLines, type PromptKind } from '../access/index.ts';
import { findTrouble, type Sign } from './signs.ts';

/** What a guest shows at one moment. */
export interface View {
  /** last output of the console, without escape codes */
  readonly console: string;
  /** lines of the screen; absent if it was not read or is in graphic mode */
  readonly screen?: readonly string[] | undefined;
  /** for how long the console has printed nothing, in `ms` */
  readonly quietMs: number;
}

/** How a boot has gone. */
export type Outcome =
  | { readonly kind: 'prompt'; readonly prompt: PromptKind | 'unknown'; readonly line: string }
  | { readonly kind: 'trouble'; readonly sign: Sign }
  | { readonly kind: 'silent'; readonly screen: readonly string[] };

/** After how much silence a prompt counts, in `ms`: a boot loader may print one and go on. */
const settleMs = 3000;

/**
 * Decides what is known so far; `undefined` to watch on. Pure.
 * @param repeated - the last line when Enter was last pressed: a line that comes again is a prompt, of whatever kind
 */
export function judge({ console, screen, quietMs }: View, repeated: string | undefined): Outcome | undefined {
  const text = withoutKernelLines(console).replaceAll('\r', '');
  const sign = findTrouble(console.replaceAll('\r', '')) ?? (screen && findTrouble(screen.join('\n')));
  if (sign) return { kind: 'trouble', sign };
  if (quietMs < settleMs) return undefined;
  const line = lastLine(text);
  const prompt = promptAtEnd(text, defaultPrompts);
  if (prompt) return { kind: 'prompt', prompt, line };
  if (line.trim() !== '' && line === repeated) return { kind: 'prompt', prompt: 'unknown', line };
  return undefined;
}
