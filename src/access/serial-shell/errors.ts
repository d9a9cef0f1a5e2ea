// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, DeviceError, UsageError } from '../../core/errors.ts';
import { describeOutput } from '../../core/error-details.ts';
import { exitStatusOf, type ProgramEnd } from '../../core/exit-status.ts';
import { escapeBytes, oneLine } from '../../core/text.ts';
import { consoleDetail } from '../../console/index.ts';

/** The device refused the login: user name or password of the configuration do not match the image. */
export class LoginError extends AlpyError {
  readonly code = 'ALPY_LOGIN';
  readonly fault = 'usage';
  readonly user: string;

  constructor(name: string, user: string, reason: string, output: string) {
    super(`${name}: cannot log in as "${user}": ${reason}. Check the user name and password`, { details: consoleDetail(output) });
    this.user = user;
  }
}

/** The device did not ask what a step of the log-in answers. */
export class LoginStepError extends AlpyError {
  readonly code = 'ALPY_LOGIN_STEP';
  readonly fault = 'usage';

  /** @param step - its name @param output - the last output of the console, escaped */
  constructor(name: string, step: string, output: string, options?: ErrorOptions) {
    const last = output.replace(/\n+$/, '').split('\n').at(-1) ?? '';
    super(
      `${name}: expected the device to print ${step}, got ${last === '' ? 'nothing' : `"${last}" as its last line`}. ` +
        `Correct expect, or set optional: true if the device does not always ask this`,
      { ...options, details: consoleDetail(output) },
    );
  }
}

/** A command on the device ended with an exit status other than 0. */
export class CommandError extends DeviceError implements ProgramEnd {
  override readonly code = 'ALPY_COMMAND';
  readonly command: string;
  readonly exitStatus: number;
  readonly signal: NodeJS.Signals | undefined;
  /** everything that the command printed */
  readonly output: string;

  /** @param remedy - what to do, as a sentence without its full stop */
  constructor(name: string, command: string, exitStatus: number, output: string, remedy?: string) {
    const advice = remedy === undefined ? '' : `. ${remedy}`;
    const { text, signal } = exitStatusOf(exitStatus);
    const { ending, details } = describeOutput('Output of the command', output);
    super(`${name}: command "${oneLine(command)}" ended with ${text}${ending}${advice}`, { details });
    this.command = command;
    this.exitStatus = exitStatus;
    this.signal = signal;
    this.output = output;
  }
}

/** The log-in shell ended while a command ran in it: by `exit`, or by a failure after `set -e`. */
export class LoggedOutError extends DeviceError {
  override readonly code = 'ALPY_LOGGED_OUT';
  readonly command: string;

  constructor(name: string, command: string, output: string) {
    super(
      `${name}: expected command "${oneLine(command)}" to end, got a login prompt: it ran "exit", or failed after "set -e". ` +
        `Leave out keepState; then only its subshell ends`,
      { details: consoleDetail(output) },
    );
    this.command = command;
  }
}

/** A command waits for a key in a pager; Alpy has pressed `q`. */
export class PagerError extends AlpyError {
  readonly code = 'ALPY_PAGER';
  readonly fault = 'usage';
  readonly command: string;
  /** what the pager printed last */
  readonly prompt: string;

  constructor(name: string, command: string, prompt: string) {
    super(
      `${name}: expected command "${oneLine(command)}" to end, got the prompt of a pager, "${escapeBytes(Buffer.from(prompt))}". ` +
        `Append "| cat" to the command, use its option against paging, or run it with { exact: true }`,
    );
    this.command = command;
    this.prompt = prompt;
  }
}

/** A command printed more than is kept. It may still run; the next command interrupts it. */
export class OutputTooLongError extends AlpyError {
  readonly code = 'ALPY_OUTPUT_TOO_LONG';
  readonly fault = 'usage';
  readonly command: string;

  constructor(name: string, command: string, limitBytes: number) {
    super(
      `${name}: command "${oneLine(command)}" printed more than ${limitBytes / 1024 ** 2} MiB. ` +
        `Filter its output on the device, or send it to a file there and download that`,
    );
    this.command = command;
  }
}

/** The log-in shell is not a POSIX shell. */
export class ShellKindError extends AlpyError {
  readonly code = 'ALPY_SHELL_KIND';
  readonly fault = 'usage';

  constructor(name: string, kind: string, output: string) {
    super(
      `${name}: expected a POSIX shell (sh, ash, dash, bash, zsh), got ${kind}. ` +
        `Set appliance.login.shellCommand to a command that starts one, such as "exec sh", or appliance.login.shell to none if the device has no POSIX shell`,
      { details: consoleDetail(output) },
    );
  }
}

/** The error of a command, or of a file to copy, if `appliance.login.shell` says that there is no shell. */
export function noShellError(name: string): UsageError {
  return new UsageError(
    `${name}: expected a shell, got appliance.login.shell: none. Use dut.console, or remove that key if the device has a POSIX shell`,
  );
}

/** A file could not be copied to or from the device without damage. */
export class TransferError extends DeviceError {
  override readonly code = 'ALPY_TRANSFER';
}
