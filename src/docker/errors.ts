// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, codeOf, DeviceError, EnvironmentError, messageOf, type Fault } from '../core/errors.ts';
import { tail } from '../core/text.ts';
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
    super(`${name}: the container ended with ${exitStatus.text}, but the testbed needs it; ${quoted(output)}`);
    this.container = name;
    this.exitStatus = exitStatus.code;
    this.signal = exitStatus.signal;
  }
}

/** How an app ended unexpectedly. */
export interface AppEnd {
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

  constructor(name: string, { exitStatus, stdout, stderr, what, blame }: AppEnd) {
    const { fault, hint } = blamed(exitStatus, stderr, blame);
    const why = hint === undefined ? '' : `; ${hint}`;
    super(`${name}: the app ended with ${exitStatus.text}${why}, ${what}; ${quoted(tail(stdout, 1000) + tail(stderr, 1000))}`);
    this.fault = fault;
    this.exitStatus = exitStatus.code;
    this.signal = exitStatus.signal;
  }
}

/** A container did not reach the expected state in time. */
export class ContainerTimeoutError extends EnvironmentError {
  override readonly code = 'ALPY_CONTAINER_TIMEOUT';
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
    const { fault, hint } = blamed(exitStatus, stderr, blame);
    const why = hint === undefined ? '' : `; ${hint}`;
    super(`${name}: ${command.join(' ')}: ${exitStatus.text}${why}; ${quoted(stderr.trim() === '' ? stdout : stderr)}`);
    this.fault = fault;
    this.command = command;
    this.exitStatus = exitStatus.code;
    this.signal = exitStatus.signal;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** A command in a container did not end in time. */
export class ExecTimeoutError extends DeviceError {
  override readonly code = 'ALPY_EXEC_TIMEOUT';
}

/** HTTP status of an Engine API error. */
export function statusCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
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

function blamed(exitStatus: ExitStatus, stderr: string, blame: Blame | Fault): Blame {
  if (typeof blame === 'object') return blame;
  return exitStatus.code === 0 ? { fault: blame } : blameOf(exitStatus, stderr, blame);
}

function quoted(output: string): string {
  const text = output.trim();
  return text === '' ? 'it printed nothing' : `its last output was:\n${tail(text, 2000)}`;
}
