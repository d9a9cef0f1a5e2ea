// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { raceWithSignal } from '../../core/deadline.ts';
import { readLines } from '../../core/lines.ts';
import type { Demand } from './scheduler.ts';
import type { Answer } from './server.ts';

/** What the scheduler answers to a demand. */
type Reply = Exclude<Answer, { readonly revoked: true }>;

/** A connection to the run's scheduler. What it granted is released when the connection closes. */
export class SchedulerClient implements Disposable {
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;
  readonly #revoked = new AbortController();
  #answered: ((answer: Reply) => void) | undefined;
  #lost: Error | undefined;

  /** @param path - socket of the scheduler */
  constructor(path: string) {
    const socket = connect(path);
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#lost = error; // 'close' follows
    });
    this.#closed = once(socket, 'close').catch(() => undefined);
    readLines(socket).on('line', (line) => {
      const answer = JSON.parse(line) as Answer;
      if ('revoked' in answer) this.#revoked.abort();
      else this.#answered?.(answer);
    });
  }

  /** aborts when the scheduler wants back what it has granted */
  get revoked(): AbortSignal {
    return this.#revoked.signal;
  }

  /** why the connection failed; absent while it has not */
  get lost(): Error | undefined {
    return this.#lost;
  }

  /**
   * Sends a demand and waits for its answer; one demand at a time.
   * @returns `undefined` if the connection has closed
   * @throws the signal's reason
   */
  ask(demand: Demand, signal?: AbortSignal): Promise<Reply | undefined> {
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#answered = resolve;
    this.#socket.write(`${JSON.stringify(demand)}\n`);
    return raceWithSignal(Promise.race([promise, this.#closed.then(() => undefined)]), signal);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
