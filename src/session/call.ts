// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';
import type { TerminalSize } from '../docker/index.ts';

/** Exit status of a call that was cancelled: that of a program that SIGTERM has ended. */
export const stoppedStatus = 143;

/** Which of its two outputs a command writes to. */
export type OutputName = 'out' | 'err';

/** The terminal of a caller, for a program that is used interactively. */
export interface CallerTerminal {
  /** value of `TERM` */
  readonly type: string;
  readonly size: TerminalSize;
  /** calls the listener whenever the user changes the size, until the signal fires */
  readonly onResize: (listener: (size: TerminalSize) => void, signal: AbortSignal) => void;
}

/** A command to run on a testbed. */
export interface Call {
  /** words after `alpy`: `['link', 'link0', 'down']` */
  readonly args: readonly string[];
  /** what the command reads from its standard input; absent for nothing */
  readonly input?: Readable | undefined;
  /** absent if the command is not used interactively */
  readonly terminal?: CallerTerminal | undefined;
  /** passes on what the command prints; settles when the caller can take more */
  readonly write: (output: OutputName, data: Buffer | string) => Promise<void>;
  /** fires when the caller no longer waits for the answer */
  readonly signal: AbortSignal;
}

/** Runs a call and resolves with its exit status. Never rejects. */
export type Answerer = (call: Call) => Promise<number>;
