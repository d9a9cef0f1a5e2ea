// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Whose fault an error is. Decides the exit status of the CLI, and whether JUnit shows a `<failure>` (the device's fault) or an
 * `<error>` (any other fault).
 */
export type Fault = 'usage' | 'environment' | 'device' | 'bug';

/** Exit status of a program that ends with an error. */
export const statusByFault: Readonly<Record<Fault, number>> = { device: 1, usage: 2, environment: 3, bug: 4 };

/** Something that helps to understand an error: the last lines of a console, the nearest frames, the last output of an app. */
export interface ErrorDetail {
  /** what the lines are, without a colon: `Last lines of the console` */
  readonly title: string;
  readonly lines: readonly string[];
}

/** Options of an error. */
export interface AlpyErrorOptions extends ErrorOptions {
  /** default: those of the cause */
  readonly details?: readonly ErrorDetail[] | undefined;
}

/** What the runner knows about an error that was thrown in a test. */
export interface ErrorNotes {
  /** it follows from an earlier error of the same test */
  readonly isConsequence?: true;
  /** nothing caught it, and it has become an error of its test */
  readonly isOfTest?: true;
  /** nothing caught it, and this test, which had ended, has caused it */
  readonly endedTest?: string;
  /** nothing caught it while these tests ran */
  readonly tests?: readonly string[];
  /** it is a missed deadline: when the wait began and ended, by the clock of `performance.now` in its process */
  readonly waitedMs?: readonly [from: number, to: number];
  /** it is a missed deadline, and the machine was overloaded during the wait: the measurements, one per line */
  readonly load?: readonly string[];
  /** it is a missed deadline, and this is the reason, for which the device is not to blame */
  readonly excuse?: string;
}

/** Adds notes to an error, which keeps them on its way to another process. Does nothing if something else than an error was thrown. */
export function addNotes(error: unknown, notes: ErrorNotes): void {
  if (error instanceof Error) annotate(error, notes);
}

/** The same for an error that may have become plain data. */
export function annotate(error: object, notes: ErrorNotes): void {
  Object.assign(error, { alpyNotes: { ...notesOf(error), ...notes } });
}

/** The notes about an error, also if it came from another process as plain data. */
export function notesOf(error: unknown): ErrorNotes {
  const has = typeof error === 'object' && error !== null && 'alpyNotes' in error;
  return has && typeof error.alpyNotes === 'object' && error.alpyNotes !== null ? error.alpyNotes : {};
}

/** Base of every error that alpy throws on purpose. It has a stable code, a fault and a message that says what to do. */
export abstract class AlpyError extends Error {
  /** stable identifier, `ALPY_…` */
  abstract readonly code: string;
  abstract readonly fault: Fault;
  /** shown below the message in reports; absent if nothing more is known */
  readonly details?: readonly ErrorDetail[];
  /** set by {@link addNotes} @internal */
  readonly alpyNotes?: ErrorNotes;

  constructor(message: string, options: AlpyErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    const details = options.details ?? (options.cause instanceof AlpyError ? options.cause.details : undefined);
    if (details !== undefined && details.length > 0) this.details = details;
  }

  /** Only what reports need. The error of a command holds its whole output, which is too much to send to another process. */
  toJSON(): object {
    const { name, message, stack, code, fault, details, alpyNotes, cause } = this;
    return {
      name,
      message,
      stack,
      code,
      fault,
      ...(details === undefined ? {} : { details }),
      ...(alpyNotes === undefined ? {} : { alpyNotes }),
      ...(cause === undefined ? {} : { cause }),
    };
  }
}

/** The user asked for something impossible: a wrong option, an unknown name, a contradictory declaration. */
export class UsageError extends AlpyError {
  readonly code = 'ALPY_USAGE';
  readonly fault = 'usage';
}

/** The user or the system asked the program to stop. */
export class StoppedError extends AlpyError {
  readonly code = 'ALPY_STOPPED';
  readonly fault = 'usage';
  /** exit status of the program: 128 + number of the signal */
  readonly exitStatus: number;

  constructor(message: string, exitStatus: number) {
    super(message);
    this.exitStatus = exitStatus;
  }
}

/** A settings file cannot be used. The message lists everything that is wrong with it. */
export abstract class SettingsError extends AlpyError {
  readonly fault = 'usage';
  /** the file, or the directory that was searched for one */
  readonly file: string;
  /** one line each */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[], options?: ErrorOptions) {
    super(`${file}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, options);
    this.file = file;
    this.problems = problems;
  }
}

/** Something is wrong with the machine, the Docker daemon or a file that alpy needs. */
export class EnvironmentError extends AlpyError {
  readonly code: string = 'ALPY_ENVIRONMENT';
  readonly fault = 'environment';
}

/** The device under test did not do what was expected. */
export class DeviceError extends AlpyError {
  readonly code: string = 'ALPY_DEVICE';
  readonly fault = 'device';
}

/** Something impossible happened: a mistake in alpy itself. */
export class BugError extends AlpyError {
  readonly code = 'ALPY_BUG';
  readonly fault = 'bug';
}

/** How many levels of nested errors {@link partsOf} looks into. */
const maxDepth = 10;

/**
 * Splits an error that stands for several: a `SuppressedError` (a body failed, and then its clean-up) into the error of the body and
 * that of the clean-up, an `AggregateError` into its errors. Returns any other error as the only part. Also takes errors that came
 * from another process as plain data.
 */
export function partsOf(error: unknown, depth = 0): readonly unknown[] {
  if (typeof error !== 'object' || error === null || !('name' in error) || depth === maxDepth) return [error];
  let parts: readonly unknown[] = [];
  if (error.name === 'SuppressedError' && 'suppressed' in error && 'error' in error) parts = [error.suppressed, error.error];
  if (error.name === 'AggregateError' && 'errors' in error && Array.isArray(error.errors)) parts = error.errors;
  return parts.length === 0 ? [error] : parts.flatMap((part) => partsOf(part, depth + 1));
}

/** The message of anything that was thrown. If an error stands for several, the messages of all, one per line. */
export function messageOf(error: unknown): string {
  return partsOf(error)
    .map((part) => (part instanceof Error ? part.message : String(part)))
    .join('\n');
}

/** The `code` of a system or Engine error (`ENOENT`, `ECONNREFUSED`, …); `undefined` if it has none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
