// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, DeviceError, EnvironmentError } from '../core/errors.ts';
import { escapeBytes, tail } from '../core/text.ts';

/** Most characters of output that an error message quotes. */
const quotedCharacters = 2000;

/** The console stayed silent, or never said (or never took) what was waited for. */
export class ConsoleTimeoutError extends DeviceError {
  override readonly code = 'ALPY_CONSOLE_TIMEOUT';
  /** what was waited for, readable */
  readonly awaited: string;
  /** how long, in `ms` */
  readonly timeoutMs: number;
  /** the last output, escaped, at most 2000 characters */
  readonly tail: string;

  constructor(name: string, awaited: string, timeoutMs: number, output: string, options?: ErrorOptions) {
    super(`${name}: waited ${timeoutMs} ms for ${awaited}; ${quote(output)}`, options);
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
    this.tail = tail(output, quotedCharacters);
  }
}

/** The console ended (the machine stopped, or the connection broke) while something was waited for. */
export class ConsoleClosedError extends DeviceError {
  override readonly code = 'ALPY_CONSOLE_CLOSED';
  /** what was waited for, readable */
  readonly awaited: string;
  /** the last output, escaped, at most 2000 characters */
  readonly tail: string;

  constructor(name: string, awaited: string, output: string, options?: ErrorOptions) {
    super(`${name}: the console closed while waiting for ${awaited}; ${quote(output)}`, options);
    this.awaited = awaited;
    this.tail = tail(output, quotedCharacters);
  }
}

/** The device refused the login: user name or password of the configuration are not those of the image. */
export class LoginError extends AlpyError {
  readonly code = 'ALPY_LOGIN';
  readonly fault = 'usage';
  readonly user: string;

  constructor(name: string, user: string, reason: string, output: string) {
    super(`${name}: cannot log in as "${user}": ${reason}. Check the user name and password; ${quote(output)}`);
    this.user = user;
  }
}

/** A command on the device ended with an exit status other than 0. */
export class CommandError extends DeviceError {
  override readonly code = 'ALPY_COMMAND';
  readonly command: string;
  readonly exitStatus: number;
  /** all that the command printed */
  readonly output: string;

  /** @param remedy - what to do, as a sentence without its full stop */
  constructor(name: string, command: string, exitStatus: number, output: string, remedy?: string) {
    const advice = remedy === undefined ? '' : `. ${remedy}`;
    super(`${name}: command "${command}" ended with exit status ${exitStatus}${advice}; ${quote(output)}`);
    this.command = command;
    this.exitStatus = exitStatus;
    this.output = output;
  }
}

/** The log-in shell ended while a command ran in it: by `exit`, or by a failure after `set -e`. */
export class LoggedOutError extends DeviceError {
  override readonly code = 'ALPY_LOGGED_OUT';
  readonly command: string;

  constructor(name: string, command: string, output: string) {
    super(
      `${name}: expected command "${command}" to end, got a login prompt: it ran "exit", or failed after "set -e". ` +
        `Leave out keepState; then only its subshell ends; ${quote(output)}`,
    );
    this.command = command;
  }
}

/** A command waits for a key in a pager; alpy has pressed `q`. */
export class PagerError extends AlpyError {
  readonly code = 'ALPY_PAGER';
  readonly fault = 'usage';
  readonly command: string;
  /** what the pager printed last */
  readonly prompt: string;

  constructor(name: string, command: string, prompt: string) {
    super(
      `${name}: expected command "${command}" to end, got the prompt of a pager, "${escapeBytes(Buffer.from(prompt))}". ` +
        `Append "| cat" to the command, use its option against paging, or run it with { exact: true }`,
    );
    this.command = command;
    this.prompt = prompt;
  }
}

/** A command printed more than is kept. It may go on; the next command interrupts it. */
export class OutputTooLongError extends AlpyError {
  readonly code = 'ALPY_OUTPUT_TOO_LONG';
  readonly fault = 'usage';
  readonly command: string;

  constructor(name: string, command: string, limitBytes: number) {
    super(
      `${name}: command "${command}" printed more than ${limitBytes / 1024 ** 2} MiB. ` +
        `Filter its output on the device, or send it to a file there and download that`,
    );
    this.command = command;
  }
}

/** The log-in shell takes no POSIX shell commands. */
export class ShellKindError extends AlpyError {
  readonly code = 'ALPY_SHELL_KIND';
  readonly fault = 'usage';

  constructor(name: string, kind: string, output: string) {
    super(
      `${name}: expected a POSIX shell (sh, ash, dash, bash, zsh), got ${kind}. ` +
        `Set appliance.login.shellCommand to a command that starts one, such as "exec sh"; ${quote(output)}`,
    );
  }
}

/** A file did not get to or from the device unharmed. */
export class TransferError extends DeviceError {
  override readonly code = 'ALPY_TRANSFER';
}

/** The record of the console could not be written: disk full, no permission. */
export class TranscriptError extends EnvironmentError {
  override readonly code = 'ALPY_TRANSCRIPT';
  readonly path: string;

  constructor(path: string, options: { readonly cause: Error }) {
    super(`cannot write the console's transcript ${path}: ${options.cause.message}`, options);
    this.path = path;
  }
}

function quote(output: string): string {
  return output === '' ? 'there was no output at all' : `the last output was:\n${tail(output, quotedCharacters)}`;
}
