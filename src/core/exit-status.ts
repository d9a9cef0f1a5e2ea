// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:os';

/** How a program ended, in results and errors. */
export interface ProgramEnd {
  /** as a shell shows it: 128 + number of the signal if one ended the program */
  readonly exitStatus: number;
  /** name of that signal, such as `SIGKILL`; absent if none did */
  readonly signal?: NodeJS.Signals | undefined;
}

/** An exit status with what it means. */
export interface ExitStatus {
  /** see {@link ProgramEnd.exitStatus} */
  readonly code: number;
  /** see {@link ProgramEnd.signal} */
  readonly signal: NodeJS.Signals | undefined;
  /** for messages: `exit status 3`, `signal SIGKILL (exit status 137)` */
  readonly text: string;
}

const signals = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]));

/** Explains an exit status. Neither a shell nor Docker distinguishes a signal from a program that exits with, say, 137. */
export function exitStatusOf(code: number): ExitStatus {
  const signal = code > 128 ? signals.get(code - 128) : undefined;
  return { code, signal, text: signal ? `signal ${signal} (exit status ${code})` : `exit status ${code}` };
}

/** The end of a program for its result. */
export function programEnd({ code, signal }: ExitStatus): ProgramEnd {
  return { exitStatus: code, ...(signal === undefined ? {} : { signal }) };
}
