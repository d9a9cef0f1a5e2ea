// SPDX-License-Identifier: GPL-3.0-or-later
import { describeOutput, outputDetail } from '../core/error-details.ts';
import {
  AlpyError,
  codeOf,
  EnvironmentError,
  messageOf,
  type AlpyErrorOptions,
  type ErrorDetail,
  type Fault,
} from '../core/errors.ts';
import { durationText, oneLine, shellWord } from '../core/text.ts';
import { blameOf, type Blame } from './blame.ts';
import type { ExitStatus, ProgramEnd } from '../core/exit-status.ts';

/** No Docker daemon answers, or it refuses us. */
export class DaemonError extends EnvironmentError {
  override readonly code = 'ALPY_DAEMON';
  /** how to fix it, as a command */
  readonly remedy: string;

  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.remedy = remedy;
  }
}

/** The daemon refused or failed to do something with a container. */
export class ContainerError extends EnvironmentError {
  override readonly code = 'ALPY_CONTAINER';
  /** HTTP status of the Engine API, if it answered */
  readonly statusCode: number | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.statusCode = statusCodeOf(options?.cause);
  }
}

/** HTTP status of the daemon's answer if a container's command is not in its image, or is not a program. */
const badRequest = 400;

/** Whether a container was not started because of its command. Pure. */
export function isWrongCommand(error: unknown): error is ContainerError {
  return error instanceof ContainerError && error.statusCode === badRequest;
}

/** A container that the testbed needs ended. */
export class ContainerDiedError extends EnvironmentError implements ProgramEnd {
  override readonly code = 'ALPY_CONTAINER_DIED';
  /** its name in messages: `node0`, `qemu` */
  readonly container: string;
  readonly exitStatus: number;
  readonly signal: NodeJS.Signals | undefined;

  constructor(name: string, exitStatus: ExitStatus, output: string) {
    const { ending, details } = describeOutput('Output of the container', output);
    super(
      `${name}: the container ended with ${exitStatus.text}, but the testbed needs it${details.length > 0 || output.trim() !== '' ? ending : ''}`,
      {
        details,
      },
    );
    this.container = name;
    this.exitStatus = exitStatus.code;
    this.signal = exitStatus.signal;
  }
}

/** How an app ended unexpectedly. */
export interface AppEnd {
  /** its command; empty if it is that of the image */
  readonly command: readonly string[];
  readonly exitStatus: ExitStatus;
  readonly stdout: string;
  readonly stderr: string;
  /** what the app should have done; continues the message */
  readonly what: string;
  /** the fault, or the fault if the app's output does not explain the end */
  readonly blame: Blame | Fault;
}

/**
 * An app ended although the test needs it. The testbed may be fine, so this does not override the test's own result, unless
 * the app was killed or the kernel lacks a feature that it needs.
 */
export class AppEndedError extends AlpyError implements ProgramEnd {
  readonly code = 'ALPY_APP_ENDED';
  readonly fault: Fault;
  readonly exitStatus: number;
  readonly signal: NodeJS.Signals | undefined;

  constructor(name: string, end: AppEnd) {
    const { command, exitStatus, what, stderr, blame } = end;
    const { fault, hint } = blamed(command, exitStatus, stderr, blame);
    super(`${name}: the app ended with ${exitStatus.text}${quotedLine(end)}, ${what}${noteHint(hint)}`, {
      details: appDetails(end),
    });
    this.fault = fault;
    this.exitStatus = exitStatus.code;
    this.signal = exitStatus.signal;
  }
}

/** A container did not reach the expected state in time. */
export class ContainerTimeoutError extends EnvironmentError {
  override readonly code = 'ALPY_CONTAINER_TIMEOUT';
  /** what was awaited, in words */
  readonly awaited: string;
  /** how long, in `ms` */
  readonly timeoutMs: number;

  /** @param advice - what to do, as a sentence without its full stop */
  constructor(name: string, awaited: string, timeoutMs: number, { advice, ...options }: TimeoutOptions = {}) {
    super(waitedFor(name, awaited, timeoutMs) + (advice === undefined ? '' : `. ${advice}`), options);
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
  }
}

interface TimeoutOptions extends AlpyErrorOptions {
  readonly advice?: string;
}

function waitedFor(name: string, awaited: string, timeoutMs: number): string {
  return `${name}: waited ${durationText(timeoutMs)} for ${awaited}`;
}

/** A command in a container ended with a status other than 0. The fault depends on its output; see {@link blameOf}. */
export class ExecError extends AlpyError implements ProgramEnd {
  readonly code = 'ALPY_EXEC';
  readonly fault: Fault;
  readonly command: readonly string[];
  readonly exitStatus: number;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;

  /** @param blame - the fault, or the fault if the command's output does not explain the failure */
  constructor(
    name: string,
    command: readonly string[],
    exitStatus: ExitStatus,
    stdout: string,
    stderr: string,
    blame: Blame | Fault = 'device',
  ) {
    const { fault, hint } = blamed(command, exitStatus, stderr, blame);
    const isSilent = stderr.trim() === ''; // then its standard output may say why
    const { ending, details } = describeOutput(isSilent ? 'Standard output' : 'Standard error', isSilent ? stdout : stderr);
    super(`${name}: ${commandText(command)} ended with ${exitStatus.text}${ending}${noteHint(hint)}`, {
      details: isSilent ? details : [...details, ...outputDetail('Standard output', stdout)],
    });
    this.fault = fault;
    this.command = command;
    this.exitStatus = exitStatus.code;
    this.signal = exitStatus.signal;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** A command in a container did not end in time. The device is to blame, unless it was one of alpy's own commands. */
export class ExecTimeoutError extends AlpyError {
  readonly code = 'ALPY_EXEC_TIMEOUT';
  readonly fault: Fault;
  /** what was awaited, in words */
  readonly awaited: string;
  /** how long, in `ms` */
  readonly timeoutMs: number;

  constructor(name: string, awaited: string, timeoutMs: number, options?: AlpyErrorOptions, fault: Fault = 'device') {
    super(waitedFor(name, awaited, timeoutMs), options);
    this.fault = fault;
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
  }
}

/** HTTP status of an Engine API error. */
export function statusCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
}

/** Whether a request failed because the daemon cannot be reached, not because it refused. Node's "socket hang up" names no system call. Pure. */
export function isDisconnection(error: unknown): boolean {
  return statusCodeOf(error) === undefined && error instanceof Error && ('syscall' in error || codeOf(error) === 'ECONNRESET');
}

/**
 * Creates the error for a daemon that cannot be reached, with the reason and a remedy.
 * @param where - address of the daemon, for messages
 * @param waitedMs - how long alpy waited for it
 */
export function daemonError(where: string, cause: unknown, waitedMs?: number): DaemonError {
  const [reason, remedy] = diagnose(cause, waitedMs === undefined ? '' : `, after ${(waitedMs / 1000).toFixed(0)} s`);
  return new DaemonError(`cannot reach the Docker daemon at ${where}: ${reason}`, remedy, { cause });
}

function diagnose(cause: unknown, waited: string): readonly [reason: string, remedy: string] {
  switch (codeOf(cause)) {
    case 'EACCES':
      return [
        'permission denied. Add yourself to the group that owns the socket (docker) and log in again, or run as root',
        'sudo usermod -aG docker "$USER", then log in again',
      ];
    case 'ENOENT':
    case 'ECONNREFUSED':
      return [
        `nothing answers there${waited}. Start the Docker daemon, or set DOCKER_HOST to the address of one`,
        'sudo systemctl start docker',
      ];
    default:
      return [`${messageOf(cause)}${waited}. Check DOCKER_HOST`, 'docker version'];
  }
}

function blamed(command: readonly string[], exitStatus: ExitStatus, stderr: string, blame: Blame | Fault): Blame {
  if (typeof blame === 'object') return blame;
  return exitStatus.code === 0 ? { fault: blame } : blameOf({ command, exitStatus, stderr }, blame);
}

function noteHint(hint: string | undefined): string {
  return hint === undefined ? '' : ` (${hint})`;
}

/** A command for people. Of a shell's command only the text. */
export function commandText(command: readonly string[]): string {
  const [shell, option, text] = command;
  const isText = shell === 'sh' && (option === '-c' || option === '-ec') && text !== undefined && command.length === 3;
  return oneLine(isText ? text : command.map(shellWord).join(' '), 400);
}

/** The last line of an app's error output in parentheses, if it failed. */
function quotedLine({ exitStatus, stdout, stderr }: AppEnd): string {
  const output = stderr.trim() === '' ? stdout : stderr;
  return exitStatus.code === 0 || output.trim() === '' ? '' : describeOutput('', output).ending;
}

/** The command and the last output of an app, as details of an error. */
export function appDetails({ command, stdout, stderr }: Pick<AppEnd, 'command' | 'stdout' | 'stderr'>): readonly ErrorDetail[] {
  return [
    ...(command.length === 0 ? [] : [{ title: 'Command of the app', lines: [commandText(command)] }]),
    ...outputDetail('Last standard output of the app', stdout),
    ...outputDetail('Last standard error of the app', stderr),
  ];
}
