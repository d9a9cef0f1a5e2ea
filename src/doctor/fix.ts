// SPDX-License-Identifier: GPL-3.0-or-later
import { execa } from 'execa';
import type { Finding } from './finding.ts';

/** How fixes are run. */
export interface FixOptions {
  /** current directory of the commands */
  readonly directory: string;
  /** the command line that starts alpy with these arguments */
  readonly alpy: (args: readonly string[]) => readonly string[];
  /** takes a line for the user */
  readonly print: (line: string) => void;
  /** ends the running command */
  readonly signal: AbortSignal;
}

/**
 * Runs the commands that fix what the checks have found. Their error output goes to that of this process.
 * @returns whether one succeeded, so that the checks should be repeated
 */
export async function runFixes(findings: readonly Finding[], options: FixOptions): Promise<boolean> {
  let hasFixed = false;
  for (const { result, fix } of findings) {
    if (result === 'ok' || fix === undefined) continue;
    options.print(`running: ${fix.join(' ')}`);
    const [program = '', ...args] = fix;
    const [file = '', ...words] = program === 'alpy' ? options.alpy(args) : fix;
    const ended = await execa(file, words, {
      cwd: options.directory,
      stdio: ['ignore', 'ignore', 'inherit'],
      reject: false,
      cancelSignal: options.signal,
    });
    options.signal.throwIfAborted();
    if (ended.failed) {
      const { exitCode, shortMessage } = ended;
      options.print(`that failed: ${exitCode === undefined ? shortMessage : `exit status ${exitCode}`}`);
    }
    hasFixed ||= !ended.failed;
  }
  return hasFixed;
}
