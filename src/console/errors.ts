// SPDX-License-Identifier: GPL-3.0-or-later
import { outputDetail } from '../core/error-details.ts';
import { DeviceError, EnvironmentError, type ErrorDetail } from '../core/errors.ts';
import { durationText, tail } from '../core/text.ts';

/** How many characters of the output an error keeps. */
const keptCharacters = 2000;

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
    super(`${name}: waited ${durationText(timeoutMs)} for ${awaited}${noteSilence(output)}`, {
      ...options,
      details: consoleDetail(output),
    });
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
    this.tail = tail(output, keptCharacters);
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
    super(`${name}: the console closed while waiting for ${awaited}${noteSilence(output)}`, {
      ...options,
      details: consoleDetail(output),
    });
    this.awaited = awaited;
    this.tail = tail(output, keptCharacters);
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

/** The last lines of a console, as a detail of an error. @param output - the end of its output, escaped */
export function consoleDetail(output: string): readonly ErrorDetail[] {
  return outputDetail('Last lines of the console', output);
}

/** What to add to a message if the console was silent all the time. */
export function noteSilence(output: string): string {
  return output === '' ? '. The console printed nothing at all' : '';
}
