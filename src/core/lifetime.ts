// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, messageOf, type Fault } from './errors.ts';
import { withDeadline } from './deadline.ts';

/** Some of what was made could not be released; each entry says what and why. */
export class CleanupError extends AlpyError {
  readonly code = 'ALPY_CLEANUP';
  readonly fault: Fault = 'environment';
  /** what each failed release threw, in the order of release */
  readonly errors: readonly unknown[];

  constructor(failures: readonly { readonly name: string; readonly error: unknown }[]) {
    super(`could not clean up:\n${failures.map(({ name, error }) => `  ${name}: ${messageOf(error)}`).join('\n')}`);
    this.errors = failures.map(({ error }) => error);
  }
}

/** Longest time that one release may take, in `ms`: a hung daemon must not hang the run. */
const releaseTimeoutMs = 30_000;

/**
 * What has to be released, last made first. Unlike `AsyncDisposableStack` every entry has a name and a deadline, one
 * failed release does not hide another, and a release is never cancelled.
 */
export class Lifetime implements AsyncDisposable {
  #entries: { readonly name: string; readonly release: () => Promise<void> | void }[] = [];

  /** Registers a release; call it before the act that it undoes, since a cancelled act may have happened all the same. */
  defer(name: string, release: () => Promise<void> | void): void {
    this.#entries.push({ name, release });
  }

  /** Gives everything registered so far to a new owner; this one then releases nothing. */
  move(): Lifetime {
    const moved = new Lifetime();
    moved.#entries = this.#entries;
    this.#entries = [];
    return moved;
  }

  /** @throws {@link CleanupError} when at least one release failed or took longer than 30 s; the others have run all the same */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: { name: string; error: unknown }[] = [];
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const { name, release } = entry;
      try {
        await withDeadline(
          { timeoutMs: releaseTimeoutMs },
          () => new Error(`not released within ${releaseTimeoutMs / 1000} s`),
          async () => {
            await release();
          },
        );
      } catch (error) {
        failures.push({ name, error });
      }
    }
    if (failures.length > 0) throw new CleanupError(failures);
  }
}
