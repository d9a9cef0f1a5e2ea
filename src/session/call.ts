// SPDX-License-Identifier: GPL-3.0-or-later

/** Which of its two outputs a command writes to. */
export type OutputName = 'out' | 'err';

/** A command to run on a testbed. */
export interface Call {
  /** words after `alpy`: `['link', 'link0', 'down']` */
  readonly args: readonly string[];
  /** what the command reads from its standard input; absent for nothing */
  readonly input?: Buffer | undefined;
  /** passes on what the command prints; settles when the caller can take more */
  readonly write: (output: OutputName, data: Buffer | string) => Promise<void>;
  /** fires when the caller no longer waits for the answer */
  readonly signal: AbortSignal;
}

/** Runs a call and resolves with its exit status. Never rejects. */
export type Answerer = (call: Call) => Promise<number>;
