// SPDX-License-Identifier: GPL-3.0-or-later

/** Which of its two outputs a command writes to. */
export type OutputName = 'out' | 'err';

/** A command that somebody wants to be done on a testbed. */
export interface Call {
  /** words after `alpy`: `['link', 'link0', 'down']` */
  readonly args: readonly string[];
  /** what the command reads from its standard input; absent for nothing */
  readonly input?: Buffer | undefined;
  /** hands on what the command prints; settles when the caller has room for more */
  readonly write: (output: OutputName, data: Buffer | string) => Promise<void>;
  /** fires when nobody waits for the answer any more */
  readonly signal: AbortSignal;
}

/** Does what a call wants; settles with the exit status that the caller shall end with, and never fails. */
export type Answerer = (call: Call) => Promise<number>;
