// SPDX-License-Identifier: GPL-3.0-or-later
import { expect } from 'vitest';
import { programOutput } from '../../../src/cli/program-output.ts';
import { visibleLines } from '../../../src/report/index.ts';
import { brokenBytes, fuzz, inPieces } from '../../support/fuzz.ts';
import { harmful, hostileText } from '../../support/hostile.ts';

const output = inPieces(brokenBytes(hostileText, 'a\r\nb\rc€\u202e\x9b\r'));

fuzz(
  'output of a program reaches a terminal without harmful characters, in whatever pieces it arrives',
  [output],
  ({ whole, pieces }) => {
    const shown = printed(pieces, { isTTY: true }).toString();
    expect(harmful.exec(shown)).toBeNull();
    expect(shown).toBe(visibleLines(whole.toString()));
  },
);

fuzz(
  'output of a program reaches a file, and the terminal of an interactive program, unchanged',
  [output],
  ({ whole, pieces }) => {
    expect(printed(pieces, { isTTY: false }).equals(whole)).toBe(true);
    expect(printed(pieces, { isTTY: true, isInteractive: true }).equals(whole)).toBe(true);
  },
);

function printed(pieces: readonly Buffer[], options: { readonly isTTY: boolean; readonly isInteractive?: boolean }): Buffer {
  const chunks: Buffer[] = [];
  const write = (chunk: string | Uint8Array): boolean => chunks.push(Buffer.from(chunk as string)) > 0;
  const out = programOutput({ isTTY: options.isTTY, write }, options.isInteractive);
  for (const piece of pieces) out.write(piece);
  out.end();
  return Buffer.concat(chunks);
}
