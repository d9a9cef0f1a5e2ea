// SPDX-License-Identifier: GPL-3.0-or-later
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { withDeadline, type Wait } from '../core/deadline.ts';
import { QmpClosedError, QmpError, QmpProtocolError, QmpTimeoutError } from './errors.ts';
import { parseMessage, type QmpEvent, type QmpMessage } from './qmp-messages.ts';
import { check, type EventMatch, type EventWait } from './qmp-options.ts';

/** How long QEMU may take to answer a command, in `ms`: it answers between two time slices of the guest. */
const answerTimeoutMs = 30_000;

/** The two ends of a monitor connection. */
export interface QmpStream {
  readonly input: Readable;
  readonly output: Writable;
}

interface Pending {
  readonly command: string;
  readonly answer: PromiseWithResolvers<unknown>;
}

/** A client of the QEMU Machine Protocol. Commands may overlap. All listeners get all events, in order. */
export class QmpClient {
  /** version of QEMU, such as `10.0.13` */
  readonly version: string;
  readonly #stream: QmpStream;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(event: QmpEvent) => void>();
  readonly #closed = Promise.withResolvers<Error | undefined>();
  #isClosed = false;
  #lastId = 0;

  private constructor(stream: QmpStream, version: string) {
    this.#stream = stream;
    this.version = version;
  }

  /**
   * Waits for QEMU's greeting and enters command mode.
   * @throws {@link QmpClosedError} when QEMU ends before that
   * @throws {@link QmpTimeoutError} when no greeting comes in time
   * @throws QmpProtocolError when what comes is not QMP
   */
  static async open(stream: QmpStream, wait: Wait): Promise<QmpClient> {
    const greeting = Promise.withResolvers<string>();
    const buffered: QmpMessage[] = [];
    const state: { client?: QmpClient } = {};
    stream.output.on('error', () => undefined); // QEMU has ended: the end of the input reports it
    const lines = createInterface({ input: stream.input });
    stream.input.once('close', () => {
      lines.close(); // a broken connection has no 'end' event
    });
    lines
      .on('error', () => undefined) // QEMU was killed before it read everything: 'close' follows
      .on('line', (line) => {
        if (line.trim() === '') return;
        try {
          const message = parseMessage(line);
          if (message.kind === 'greeting') greeting.resolve(message.version);
          else if (state.client) state.client.#take(message);
          else buffered.push(message);
        } catch (error) {
          greeting.reject(error);
          if (state.client) state.client.#close(error instanceof Error ? error : undefined);
        }
      })
      .on('close', () => {
        greeting.reject(new QmpClosedError("QEMU's greeting"));
        if (state.client) state.client.#close();
      });
    const version = await withDeadline(
      wait,
      (cause) => new QmpTimeoutError("QEMU's greeting", wait.timeoutMs, 'environment', { cause }),
      () => greeting.promise,
    );
    const client = (state.client = new QmpClient(stream, version));
    for (const message of buffered) client.#take(message);
    await client.execute('qmp_capabilities', undefined, wait);
    return client;
  }

  /** whether the connection has ended */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** resolves when the connection has ended; to the reason if it broke */
  get closed(): Promise<Error | undefined> {
    return this.#closed.promise;
  }

  /**
   * Runs a command; see QEMU's QMP reference for names, arguments and results.
   * @param wait - how long to wait for the answer; default 30 s
   * @throws {@link QmpError} when QEMU refuses, with the class of the error
   * @throws {@link QmpClosedError} when QEMU ends meanwhile
   * @throws {@link QmpTimeoutError} when it does not answer in time
   */
  async execute(command: string, args?: Readonly<Record<string, unknown>>, wait: Partial<Wait> = {}): Promise<unknown> {
    check.execute(arguments);
    wait.signal?.throwIfAborted();
    if (this.#isClosed) throw new QmpClosedError(`the answer to ${command}`);
    const timeoutMs = wait.timeoutMs ?? answerTimeoutMs;
    const id = (this.#lastId += 1);
    const answer = Promise.withResolvers<unknown>();
    this.#pending.set(id, { command, answer });
    this.#stream.output.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}), id })}\n`);
    try {
      return await withDeadline(
        { timeoutMs, signal: wait.signal },
        (cause) => new QmpTimeoutError(`the answer to ${command}`, timeoutMs, 'environment', { cause }),
        () => answer.promise,
      );
    } finally {
      this.#pending.delete(id);
    }
  }

  /** Ends the connection. */
  close(): void {
    check.close(arguments);
    this.#stream.input.destroy();
    this.#stream.output.destroy();
    this.#close();
  }

  /** Calls `listener` with every event from now on. @returns a function that unsubscribes it */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    check.onEvent(arguments);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Waits for the next event that `matches`. Only events from now on count, so call it before you act.
   * @param matches - name of the event, or a condition
   * @throws {@link QmpTimeoutError} when it does not come in time
   * @throws {@link QmpClosedError} when QEMU ends before
   */
  async waitForEvent(matches: EventMatch, wait: EventWait): Promise<QmpEvent> {
    check.waitForEvent(arguments);
    const awaited = wait.awaited ?? (typeof matches === 'string' ? `the event ${matches}` : 'an event');
    const isAwaited = typeof matches === 'string' ? ({ event }: QmpEvent) => event === matches : matches;
    if (this.#isClosed) throw new QmpClosedError(awaited);
    const found = Promise.withResolvers<QmpEvent>();
    const unsubscribe = this.onEvent((event) => {
      if (isAwaited(event)) found.resolve(event);
    });
    void this.closed.then((cause) => {
      found.reject(new QmpClosedError(awaited, { cause }));
    });
    try {
      return await withDeadline(
        wait,
        (cause) => new QmpTimeoutError(awaited, wait.timeoutMs, wait.fault ?? 'device', { cause }),
        () => found.promise,
      );
    } finally {
      unsubscribe();
    }
  }

  #take(message: QmpMessage): void {
    if (this.#isClosed) return; // the rest of a broken connection
    if (message.kind === 'event') {
      for (const listener of this.#listeners) listener(message.event);
    } else if (message.kind === 'result') {
      this.#pending.get(message.id)?.answer.resolve(message.result);
    } else if (message.kind === 'error') {
      const { id, errorClass, description } = message;
      const pending = id === undefined ? undefined : this.#pending.get(id);
      if (pending) pending.answer.reject(new QmpError(pending.command, errorClass, description));
      else this.#close(new QmpProtocolError(`QEMU's monitor: ${description} (${errorClass})`));
    }
  }

  #close(cause?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { command, answer } of this.#pending.values())
      answer.reject(new QmpClosedError(`the answer to ${command}`, { cause }));
    this.#closed.resolve(cause);
  }
}
