// SPDX-License-Identifier: GPL-3.0-or-later
import { waitOf } from '../../core/deadline.ts';
import { printfEscape } from '../../core/text.ts';
import type { ExpectOptions, SerialConsole } from '../../console/index.ts';
import { numberIn, type CommandEnvelope } from './command-envelope.ts';

/**
 * Longest line that is sent, in `bytes`. A terminal loses what exceeds 4095 in a line, and a serial port loses what is not read
 * in time, so lines are short and few are in flight.
 */
const longestLine = 800;
const mostInFlight = 3;

/**
 * Encodes bytes for `printf %b`, in lines. Words made of these characters, after `: `, do nothing if they meet a shell in place
 * of the reader.
 */
export function printfLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  let line = '';
  for (const byte of bytes) {
    line += printfEscape(Uint8Array.of(byte));
    if (line.length < longestLine) continue;
    lines.push(line);
    line = '';
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Encodes bytes as base64, in lines. */
export function base64Lines(bytes: Uint8Array): string[] {
  return (
    Buffer.from(bytes)
      .toString('base64')
      .match(new RegExp(`.{1,${longestLine}}`, 'g')) ?? []
  );
}

/**
 * Types lines to the reader of an envelope, and then the line that ends it.
 * @throws what {@link SerialConsole.expect} and {@link SerialConsole.send} throw
 */
export async function feed(
  console: SerialConsole,
  envelope: CommandEnvelope,
  lines: readonly string[],
  wait: ExpectOptions,
): Promise<void> {
  let taken = 0;
  for (const [index, line] of lines.entries()) {
    while (index - taken >= mostInFlight) {
      // one may be damaged beyond recognition; a later one confirms the same lines and more
      const { groups } = await console.expect(envelope.acknowledged, wait);
      taken = Math.max(taken, numberIn(groups));
    }
    await console.sendLine(`: ${line}`, waitOf(wait));
  }
  await console.sendLine(':', waitOf(wait));
}
