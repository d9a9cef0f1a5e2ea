// SPDX-License-Identifier: GPL-3.0-or-later
import type { Finding } from '../doctor/finding.ts';
import type { CliIo } from './io.ts';

const marks = { ok: 'ok   ', warning: 'warn ', failure: 'FAIL ' } as const;

/** Prints one line for each finding, and one for its remedy. */
export function printFindings(io: CliIo, findings: readonly Finding[]): void {
  for (const { result, name, text, remedy } of findings) {
    io.stdout(`${marks[result]}${name}: ${text}`);
    if (remedy !== undefined) io.stdout(`     do: ${remedy}`);
  }
}
