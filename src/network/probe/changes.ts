// SPDX-License-Identifier: GPL-3.0-or-later
import { raceWithSignal } from '../../core/deadline.ts';

/** Waits for a state that others change. */
export class Changes {
  readonly #waiting = new Set<() => void>();
  #error: Error | undefined;

  /** Makes those that wait look again, because something has changed. */
  notify(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Makes those that wait throw, because nothing will change any more. Further calls do nothing. */
  fail(error: Error): void {
    this.#error ??= error;
    this.notify();
  }

  /**
   * Calls `find` now and after each change, until it returns something.
   * @throws the error of {@link Changes.fail}; the reason of the signal
   */
  async until<T>(find: () => T | undefined, signal: AbortSignal | undefined): Promise<T> {
    const found = Promise.withResolvers<T>();
    const look = (): void => {
      if (this.#error) {
        found.reject(this.#error);
        return;
      }
      const value = find();
      if (value !== undefined) found.resolve(value);
    };
    this.#waiting.add(look);
    try {
      look();
      return await raceWithSignal(found.promise, signal);
    } finally {
      this.#waiting.delete(look);
    }
  }
}
