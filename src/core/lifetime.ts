// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError, messageOf, type Fault } from './errors.ts';
import { withDeadline } from './deadline.ts';

/** Some resources could not be released. The message lists each with the reason. */
export class CleanupError extends AlpyError {
  readonly code = 'ALPY_CLEANUP';
  readonly fault: Fault = 'environment';
  /** the error of each failed release, in the order of release */
  readonly errors: readonly unknown[];

  constructor(failures: readonly { readonly name: string; readonly error: unknown }[]) {
    super(`could not clean up:\n${failures.map(({ name, error }) => `  ${name}: ${messageOf(error)}`).join('\n')}`);
    this.errors = failures.map(({ error }) => error);
  }
}

/** Longest time for one release, in `ms`: a hung daemon must not hang the run. */
const releaseTimeoutMs = 30_000;

/** Runs a release. @throws Error if it takes longer than 30 s, or what it throws */
export async function runRelease(release: () => Promise<void> | void): Promise<void> {
  await withDeadline(
    { timeoutMs: releaseTimeoutMs },
    () => new Error(`not released within ${releaseTimeoutMs / 1000} s`),
    async () => {
      await release();
    },
  );
}

/**
 * Resources to release, newest first. Unlike in `AsyncDisposableStack`, every entry has a name and a deadline, a failed release
 * does not hide another, and a release is never cancelled.
 */
export class Lifetime implements AsyncDisposable {
  #entries: { readonly name: string; readonly release: () => Promise<void> | void }[] = [];

  /** Registers a release. Call it before acquiring the resource, because a cancelled request may have succeeded anyway. */
  defer(name: string, release: () => Promise<void> | void): void {
    this.#entries.push({ name, release });
  }

  /** Moves all entries to a new lifetime; this one then releases nothing. */
  move(): Lifetime {
    const moved = new Lifetime();
    moved.#entries = this.#entries;
    this.#entries = [];
    return moved;
  }

  /** Runs all releases. @throws {@link CleanupError} afterwards, if one failed or took longer than 30 s */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: { name: string; error: unknown }[] = [];
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const { name, release } = entry;
      try {
        await runRelease(release);
      } catch (error) {
        failures.push({ name, error });
      }
    }
    if (failures.length > 0) throw new CleanupError(failures);
  }
}
