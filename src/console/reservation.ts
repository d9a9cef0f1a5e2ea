// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncLocalStorage } from 'node:async_hooks';

/** Gives one task exclusive use of something: all others wait until it has ended, successfully or not. */
export class Reservation {
  readonly #inside = new AsyncLocalStorage<true>();
  #over: Promise<void> | undefined;

  /** Runs `body`; until it ends, everything else has to wait for its {@link turn}. */
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
