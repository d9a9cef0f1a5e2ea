// SPDX-License-Identifier: GPL-3.0-or-later

/**
 * Whose fault an error is. It decides the exit status of the CLI and whether JUnit shows a `<failure>` (the device's
 * fault) or an `<error>` (everybody else's).
 */
export type Fault = 'usage' | 'environment' | 'device' | 'bug';

/** Exit status of a program that ends by an error. */
export const statusByFault: Readonly<Record<Fault, number>> = { device: 1, usage: 2, environment: 3, bug: 4 };

/** Base of every error that alpy throws on purpose: a stable code, whose fault it is, a message to act on. */
export abstract class AlpyError extends Error {
  /** stable identifier, `ALPY_…` */
  abstract readonly code: string;
  abstract readonly fault: Fault;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  /** What reports need, and no more: an error of a command holds all that it printed, too much to send to another process. */
  toJSON(): object {
    const { name, message, stack, code, fault, cause } = this;
    return { name, message, stack, code, fault, ...(cause === undefined ? {} : { cause }) };
  }
}

/** The user asked for something that cannot be: a wrong option, an unknown name, a contradictory declaration. */
export class UsageError extends AlpyError {
  readonly code = 'ALPY_USAGE';
  readonly fault = 'usage';
}

/** Somebody asked for the end. */
export class StoppedError extends AlpyError {
  readonly code = 'ALPY_STOPPED';
  readonly fault = 'usage';
  /** exit status of a program that ends for this: 128 + number of a signal */
  readonly exitStatus: number;

  constructor(message: string, exitStatus: number) {
    super(message);
    this.exitStatus = exitStatus;
  }
}

/** A file of settings cannot be used; the message lists everything that is wrong with it. */
export abstract class SettingsError extends AlpyError {
  readonly fault = 'usage';
  /** the file, or the directory in which one was looked for */
  readonly file: string;
  /** one line each */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[], options?: ErrorOptions) {
    super(`${file}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, options);
    this.file = file;
    this.problems = problems;
  }
}

/** The machine, the Docker daemon or a file that alpy needs is not as it must be. */
export class EnvironmentError extends AlpyError {
  readonly code: string = 'ALPY_ENVIRONMENT';
  readonly fault = 'environment';
}

/** The device under test did not do what was expected of it. */
export class DeviceError extends AlpyError {
  readonly code: string = 'ALPY_DEVICE';
  readonly fault = 'device';
}

/** Something that cannot happen did: a mistake in alpy itself. */
export class BugError extends AlpyError {
  readonly code = 'ALPY_BUG';
  readonly fault = 'bug';
}

/** How deep errors that hold others are looked into. */
const deepest = 10;

/**
 * The errors that one stands for. A `SuppressedError` (a body failed, and then its clean-up) becomes what the body threw, then what
 * the clean-up threw; an `AggregateError` its errors; any other error itself. Also takes errors that came as plain data from another
 * process. Never empty.
 */
export function partsOf(error: unknown, depth = 0): readonly unknown[] {
  if (typeof error !== 'object' || error === null || !('name' in error) || depth === deepest) return [error];
  let parts: readonly unknown[] = [];
  if (error.name === 'SuppressedError' && 'suppressed' in error && 'error' in error) parts = [error.suppressed, error.error];
  if (error.name === 'AggregateError' && 'errors' in error && Array.isArray(error.errors)) parts = error.errors;
  return parts.length === 0 ? [error] : parts.flatMap((part) => partsOf(part, depth + 1));
}

/** The text of anything that was thrown; of an error that stands for several, the texts of all. */
export function messageOf(error: unknown): string {
  return partsOf(error)
    .map((part) => (part instanceof Error ? part.message : String(part)))
    .join('\n');
}

/** The `code` of a system or Engine error (`ENOENT`, `ECONNREFUSED`, …), if it has one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
