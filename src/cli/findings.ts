// SPDX-License-Identifier: GPL-3.0-or-later
import type { Finding } from '../doctor/finding.ts';
import type { CliIo } from './io.ts';

const marks = { ok: 'ok   ', warning: 'warn ', failure: 'FAIL ' } as const;

/** Prints what was looked at, a line each, and what to do about it. */
export function printFindings(io: CliIo, findings: readonly Finding[]): void {
  for (const { result, name, text, remedy } of findings) {
    io.stdout(`${marks[result]}${name}: ${text}`);
    if (remedy !== undefined) io.stdout(`     do: ${remedy}`);
  }
}
