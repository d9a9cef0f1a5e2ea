// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';

/** How a program in a container ended. */
export interface ExitStatus {
  /** exit status as a shell shows it: 128 + number of the signal if one killed the program */
  readonly code: number;
  /** name of that signal, such as `SIGKILL` */
  readonly signal: NodeJS.Signals | undefined;
  /** for messages: `exit status 3`, `signal SIGKILL (exit status 137)` */
  readonly text: string;
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/** Converts the exit code of a container or an exec. Docker does not distinguish a signal from a program that exits with, say, 137. */
export function exitStatusOf(code: number): ExitStatus {
  const signal = code > 128 ? signals.get(code - 128) : undefined;
  return { code, signal, text: signal ? `signal ${signal} (exit status ${code})` : `exit status ${code}` };
}
