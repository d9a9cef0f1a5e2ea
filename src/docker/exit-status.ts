// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';

/** How a program in a container ended. */
export interface ExitStatus {
  /** exit status as a shell shows it: 128 + number of the signal when one killed it */
  readonly code: number;
  /** name of that signal, such as `SIGKILL` */
  readonly signal: NodeJS.Signals | undefined;
  /** for messages: `exit status 3`, `signal SIGKILL (exit status 137)` */
  readonly text: string;
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/** Reads the exit status of a container or an exec. Docker does not tell a signal from a program that exits with 137. */
export function exitStatusOf(code: number): ExitStatus {
  const signal = code > 128 ? signals.get(code - 128) : undefined;
  return { code, signal, text: signal ? `signal ${signal} (exit status ${code})` : `exit status ${code}` };
}
