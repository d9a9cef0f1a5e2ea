// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import { execa } from 'execa';
import type { Figures } from './figure.ts';

const repository = resolve(import.meta.dirname, '..');
const setup = resolve(import.meta.dirname, 'original/setup');
const driver = resolve(import.meta.dirname, 'original/drive.py');
const python = resolve(repository, '.cache/bench-original/venv/bin/python');

/** Exit status of `setup` if PyPI cannot be reached (EX_TEMPFAIL of sysexits.h). */
const unreachable = 75;

/**
 * Installs the Python original unless it is installed.
 * @returns the reason if PyPI cannot be reached
 * @throws Error if it cannot be set up for another reason
 */
export async function setUpOriginal(): Promise<string | undefined> {
  const { exitCode, stderr } = await execa(setup, { reject: false });
  if (exitCode === 0) return undefined;
  if (exitCode === unreachable) return stderr.trim();
  throw new Error(`bench/original/setup ended with ${String(exitCode)}: ${stderr}`);
}

/** Measures the original once. @param args - of `drive.py` @throws Error if it fails */
export async function original(figures: Figures, args: readonly string[]): Promise<void> {
  const { stdout, stderr } = await execa(python, [driver, ...args], { reject: false });
  const result = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Readonly<Record<string, number | string | boolean>>;
  const { upMs, downMs, startToPingMs, wallMs, tests } = result;
  const hasPassed = result['passed'] === undefined || result['passed'] === true || result['passed'] === tests;
  if (!hasPassed) throw new Error(`the original failed: ${args.join(' ')}: ${stdout}\n${stderr.slice(-2000)}`);
  const add = (name: string, value: unknown): void => {
    if (typeof value === 'number') figures.add(`original: ${name}`, 'ms', value);
  };
  if (args[0] === 'topology') {
    add(`topology of ${String(args[2])} links, up`, upMs);
    add(`topology of ${String(args[2])} links, down`, downMs);
  } else if (args[0] === 'ping') add('start to first answered ping', startToPingMs);
  else if (args[0] === 'test') add(`test ${String(args[1])}`, wallMs);
  else add('suite of 12 tests', wallMs);
}
