// SPDX-License-Identifier: GPL-3.0-or-later
import { withDeadline, type Wait } from '../../core/deadline.ts';
import type { App } from '../app.ts';
import { ServiceTimeoutError } from './errors.ts';

/** How long to wait by default for what a service sees, in `ms`. */
const waitTimeoutMs = 60_000;

/** A running program of a node, whose lines say what it sees. */
export class Service<Seen> implements AsyncDisposable {
  /** `dhcp@node0` */
  readonly name: string;
  readonly #app: App;
  readonly #seen: Seen[] = [];
  readonly #watchers = new Set<(one: Seen) => void>();

  /** @param read - returns what a line tells of, if it tells of something */
  constructor(app: App, read: (line: string) => Seen | undefined) {
    this.name = app.name;
    this.#app = app;
    app.onLine((line) => {
      const one = read(line);
      if (one === undefined) return;
      this.#seen.push(one);
      if (this.#seen.length > maxSeen) this.#seen.shift();
      for (const watcher of this.#watchers) watcher(one);
    });
  }

  /** everything that it has seen so far, in order; of very much, the last 10000 */
  get seen(): readonly Seen[] {
    return [...this.#seen];
  }

  /** Adds what an earlier service saw. */
  protected recall(seen: readonly Seen[]): void {
    this.#seen.unshift(...seen);
  }

  /** Waits until it has seen something that matches; what it has already seen counts. */
  protected async waitUntilSeen(
    matches: (one: Seen) => boolean,
    what: string,
    { timeoutMs = waitTimeoutMs, signal }: Partial<Wait>,
  ): Promise<Seen> {
    return withDeadline(
      { timeoutMs, signal },
      (cause) => new ServiceTimeoutError(this.name, what, timeoutMs, { cause, details: this.#app.details() }),
      (abort) => Promise.race([this.#next(matches, abort), this.#app.failAtEnd(`and it has not seen ${what}`)]),
    );
  }

  #next(matches: (one: Seen) => boolean, signal: AbortSignal): Promise<Seen> {
    const known = this.#seen.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    const { promise, resolve } = Promise.withResolvers<Seen>();
    const watcher = (one: Seen): void => {
      if (matches(one)) resolve(one);
    };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', () => this.#watchers.delete(watcher), { once: true });
    return promise;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#app.expectEnd();
    await this.#app[Symbol.asyncDispose]();
  }
}

/** How much a service remembers of what it has seen. */
const maxSeen = 10_000;
