// SPDX-License-Identifier: GPL-3.0-or-later
import { DeviceError, EnvironmentError } from '../core/errors.ts';
import { tail } from '../core/text.ts';

/** Most characters of output that an error message quotes. */
const quotedCharacters = 2000;

/** The awaited output did not come in time, or the device did not take its input in time. */
export class ConsoleTimeoutError extends DeviceError {
  override readonly code = 'ALPY_CONSOLE_TIMEOUT';
  /** what was awaited, for people */
  readonly awaited: string;
  /** how long, in `ms` */
  readonly timeoutMs: number;
  /** the last output, escaped, at most 2000 characters */
  readonly tail: string;

  constructor(name: string, awaited: string, timeoutMs: number, output: string, options?: ErrorOptions) {
    super(`${name}: waited ${timeoutMs} ms for ${awaited}; ${quoteOutput(output)}`, options);
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
    this.tail = tail(output, quotedCharacters);
  }
}

/** The console ended (the machine stopped, or the connection broke) while something was awaited. */
export class ConsoleClosedError extends DeviceError {
  override readonly code = 'ALPY_CONSOLE_CLOSED';
  /** what was awaited, for people */
  readonly awaited: string;
  /** the last output, escaped, at most 2000 characters */
  readonly tail: string;

  constructor(name: string, awaited: string, output: string, options?: ErrorOptions) {
    super(`${name}: the console closed while waiting for ${awaited}; ${quoteOutput(output)}`, options);
    this.awaited = awaited;
    this.tail = tail(output, quotedCharacters);
  }
}

/** The transcript of the console could not be written: disk full, no permission. */
export class TranscriptError extends EnvironmentError {
  override readonly code = 'ALPY_TRANSCRIPT';
  readonly path: string;

  constructor(path: string, options: { readonly cause: Error }) {
    super(`cannot write the console's transcript ${path}: ${options.cause.message}`, options);
    this.path = path;
  }
}

/** What the last output was, for the end of a message. */
export function quoteOutput(output: string): string {
  return output === '' ? 'there was no output at all' : `the last output was:\n${tail(output, quotedCharacters)}`;
}
