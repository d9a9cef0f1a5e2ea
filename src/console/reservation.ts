// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncLocalStorage } from 'node:async_hooks';

/** Lets one task have something to itself: the others wait for their turn until the task is over, however it ends. */
export class Reservation {
  readonly #inside = new AsyncLocalStorage<true>();
  #over: Promise<void> | undefined;

  /** Runs `body`, for which alone there is no {@link turn} to wait for until it is over. */
  async hold<T>(body: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#over = promise.then(() => undefined);
    try {
      return await this.#inside.run(true, body);
    } finally {
      this.#over = undefined;
      resolve(undefined);
    }
  }

  /** What to await before doing anything; undefined if there is nothing to wait for. */
  turn(): Promise<void> | undefined {
    return this.#inside.getStore() === true ? undefined : this.#over;
  }
}
