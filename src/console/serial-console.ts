// SPDX-License-Identifier: GPL-3.0-or-later
import type { Duplex } from 'node:stream';
import { countDown, raceWithSignal, withDeadline, type Wait } from '../core/deadline.ts';
import { UsageError } from '../core/errors.ts';
import { ByteQueue } from './byte-queue.ts';
import { ConsoleClosedError, ConsoleTimeoutError } from './errors.ts';
import { check, type ConsoleOptions, type ExpectOptions, type Match, type SendOptions } from './options.ts';
import { echoPattern, pieces } from './pace.ts';
import { describeAwaited, searchFor, type ConsolePattern, type Search } from './pattern.ts';
import { findMatch } from './find-match.ts';
import { Reservation } from './reservation.ts';
import { SecretEcho } from './secret-echo.ts';
import type { Transcript } from './transcript.ts';

/** Longest wait for a device to take what is sent, in `ms`. */
const sendTimeoutMs = 30_000;
const peekBytes = 4096;
const takesInput = 'the device to take its input';

/**
 * A serial console. It reads all the time, from the first byte on: a serial port that nobody reads stalls the
 * guest. It owns its stream and its transcript. Only one {@link SerialConsole.expect} may wait at a time.
 */
export class SerialConsole implements AsyncDisposable {
  readonly name: string;
  readonly #stream: Duplex;
  readonly #transcript: Transcript | undefined;
  readonly #queue: ByteQueue;
  readonly #lineEnd: string;
  readonly #reservation = new Reservation();
  readonly #secrets = new SecretEcho();
  readonly #observers = new Set<(chunk: Buffer) => void>();
  #lastOutputMs = performance.now();
  #ended = false;
  #streamError: Error | undefined;
  #awaited: string | undefined;
  #wake: (() => void) | undefined;

  private constructor(stream: Duplex, options: ConsoleOptions) {
    this.name = options.name ?? 'serial console';
    this.#stream = stream;
    this.#transcript = options.transcript;
    this.#queue = new ByteQueue(options.bufferBytes ?? 4 * 1024 * 1024);
    this.#lineEnd = options.lineEnd ?? '\n';
    const end = (): void => {
      this.#ended = true;
      this.#wake?.();
    };
    stream.on('data', (chunk: Buffer) => {
      this.#receive(chunk);
    });
    stream.on('error', (error: Error) => {
      this.#streamError ??= error;
      end();
    });
    stream.on('end', end);
    stream.on('close', end);
    this.#ended = stream.destroyed || stream.readableEnded; // then no event will come
  }

  /** Takes over the byte stream of a serial port; it must not have a decoder (`setEncoding`). */
  static open(stream: Duplex, options: ConsoleOptions = {}): SerialConsole {
    check.open(arguments);
    return new SerialConsole(stream, options);
  }

  /** how long ago the last output came, in `ms` */
  get quietMs(): number {
    return performance.now() - this.#lastOutputMs;
  }

  /** the last output, consumed or not, for people: without escape codes, alpy's markers and typed secrets, escaped except for line ends */
  get tail(): string {
    return this.#queue.tailText((plain) => this.#secrets.hide(plain));
  }

  /** how many bytes were received so far: a position in the output, for {@link SerialConsole.discard} */
  get position(): number {
    return this.#queue.end;
  }

  /**
   * Consumes output without looking at it, so that no later {@link SerialConsole.expect} finds it.
   * @param to - only output before this {@link SerialConsole.position}; default: everything received
   */
  discard(to = this.#queue.end): void {
    check.discard(arguments);
    if (to > this.#queue.start) this.#queue.consume(to);
  }

  /** Calls `observer` with everything received from now on; returns a function that stops this. */
  observe(observer: (chunk: Buffer) => void): () => void {
    check.observe(arguments);
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /**
   * Waits for the first of several patterns and consumes the output up to the end of the match. Output that came before
   * the call and was not consumed counts. The match that begins earliest wins, among equals the first in the list; a
   * complete match is not held back for one that began earlier and may still become complete. `$` and the end of a
   * greedy expression mean the end of what has come so far.
   * @throws {@link ConsoleTimeoutError} when nothing matched in time
   * @throws {@link ConsoleClosedError} when the console ended, unless `END` is one of the patterns
   * @throws UsageError when another call still waits
   * @throws TranscriptError when the record can no longer be written
   */
  async expect(pattern: ConsolePattern | readonly ConsolePattern[], options: ExpectOptions): Promise<Match> {
    check.expect(arguments);
    const patterns: readonly ConsolePattern[] = Array.isArray(pattern) ? pattern : [pattern];
    const awaited = options.awaited ?? patterns.map(describeAwaited).join(' or ');
    const searches = patterns.map((one) => searchFor(one, options.windowBytes ?? 4096));
    return this.claim({ ...options, awaited }, (signal) => this.#wait(patterns, searches, awaited, signal));
  }

  /**
   * Lets `body` examine the output while nothing else may wait for output.
   * @throws {@link ConsoleTimeoutError} at the deadline, UsageError when another call still waits, and what `body` throws
   * @internal
   */
  async claim<T>(options: ExpectOptions & { readonly awaited: string }, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { awaited, timeoutMs } = options;
    const onTimeout = this.#timeoutError(timeoutMs, () => awaited);
    const rest = countDown(options);
    const turn = this.#reservation.turn();
    if (turn) await withDeadline(options, onTimeout, () => turn);
    if (this.#awaited !== undefined) {
      throw new UsageError(`${this.name}: cannot wait for ${awaited}: another expect still waits for ${this.#awaited}`);
    }
    this.#transcript?.check();
    this.#awaited = awaited;
    const { limitBytes } = this.#queue;
    this.#queue.limitBytes = options.bufferBytes ?? limitBytes;
    try {
      return await withDeadline(rest(), onTimeout, body);
    } finally {
      this.#queue.limitBytes = limitBytes;
      this.#awaited = undefined;
      this.#wake = undefined;
    }
  }

  /** Runs `body`; everything else that sends or waits has to wait until it ends. @internal */
  async reserve<T>(body: () => Promise<T>): Promise<T> {
    return this.#reservation.hold(body);
  }

  /**
   * The last unconsumed output without escape codes, one character per byte, at most 4096.
   * @internal
   */
  peek(): string {
    return this.#queue.plain(this.#queue.plainBack(this.#queue.end, peekBytes)).bytes.toString('latin1');
  }

  /** The last output without escape codes, whether consumed or not, one character per byte. @internal */
  get lastText(): string {
    return this.#queue.plainTail(peekBytes).toString('latin1');
  }

  /**
   * Waits for more output, for at most `timeoutMs`; for use in {@link SerialConsole.claim}.
   * @returns whether some came
   * @throws {@link ConsoleClosedError} when the console has ended
   * @internal
   */
  async more(awaited: string, { timeoutMs, signal }: Wait): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const { position } = this;
    this.#wake = () => {
      if (this.position > position) resolve(true);
      else if (this.#ended) reject(this.#closedError(awaited));
    };
    const timer = setTimeout(resolve, timeoutMs, false);
    this.#wake();
    try {
      return await raceWithSignal(promise, signal);
    } finally {
      clearTimeout(timer);
      this.#wake = undefined;
    }
  }

  /**
   * Sends bytes, or text as UTF-8, and waits until the stream has taken them (not until the device has read them).
   * @param options - `timeoutMs` is 30 s by default
   * @throws {@link ConsoleTimeoutError} when the device took no more, or an echo did not come, all in `timeoutMs`
   * @throws {@link ConsoleClosedError} when the console has ended
   * @throws TranscriptError when the record can no longer be written
   */
  async send(data: Uint8Array | string, options: SendOptions = {}): Promise<void> {
    check.send(arguments);
    const timeoutMs = options.timeoutMs ?? sendTimeoutMs;
    this.#transcript?.check();
    const bytes = Buffer.from(data);
    const isPaced = options.chunkBytes !== undefined || options.echo === true;
    const parts = isPaced ? pieces(bytes, options.chunkBytes ?? 16) : [bytes];
    let awaited = takesInput;
    const onTimeout = this.#timeoutError(timeoutMs, () => awaited);
    await withDeadline({ timeoutMs, signal: options.signal }, onTimeout, async (signal) => {
      await this.#reservation.turn();
      if (options.secret === true)
        this.#secrets.add(Buffer.from(bytes.toString('latin1').replace(/[\r\n]+$/, ''), 'latin1'), this.position);
      if (options.disguise) this.#queue.noteTyped(bytes.toString(), options.disguise);
      for (const part of parts) {
        signal.throwIfAborted();
        awaited = takesInput;
        await this.#write(part, options.secret === true);
        const echo = options.echo === true ? echoPattern(part) : undefined;
        if (!echo) continue;
        awaited = `the echo of ${options.secret === true ? 'a secret' : describeAwaited(part.toString())}`;
        await this.expect(echo, { timeoutMs, signal, awaited });
      }
    });
  }

  /** Sends a line and its end; the same as {@link SerialConsole.send} otherwise. */
  async sendLine(text = '', options: SendOptions = {}): Promise<void> {
    check.sendLine(arguments);
    await this.send(text + this.#lineEnd, options);
  }

  /**
   * Closes the stream, then the transcript; may be called again. Whoever waits gets a {@link ConsoleClosedError}.
   * @throws TranscriptError when the record could not be written
   */
  async close(): Promise<void> {
    check.close(arguments);
    this.#stream.destroy();
    this.#ended = true;
    this.#wake?.();
    this.#transcript?.received(this.#secrets.flush());
    await this.#transcript?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #receive(chunk: Buffer): void {
    this.#lastOutputMs = performance.now();
    const recorded = this.#secrets.take(chunk, this.position);
    this.#transcript?.received(recorded);
    this.#queue.append(chunk);
    for (const observer of this.#observers) observer(chunk);
    this.#wake?.();
  }

  /** Must return its own promise, not one behind an `await`: what has matched is consumed, so it must win the race. */
  #wait(patterns: readonly ConsolePattern[], searches: readonly Search[], awaited: string, signal: AbortSignal): Promise<Match> {
    const { promise, resolve, reject } = Promise.withResolvers<Match>();
    this.#wake = () => {
      if (signal.aborted) return; // too late: what comes now is for the next caller
      const match = findMatch(this.#queue, patterns, searches, this.#ended);
      if (!match && !this.#ended) return;
      this.#wake = undefined;
      if (match) resolve(match);
      else reject(this.#closedError(awaited));
    };
    this.#wake();
    return promise;
  }

  async #write(bytes: Buffer, secret: boolean): Promise<void> {
    if (this.#ended) throw this.#closedError(takesInput);
    this.#transcript?.sent(bytes, secret);
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(bytes, (error) => {
        if (error) reject(this.#closedError(takesInput));
        else resolve();
      });
    });
  }

  #timeoutError(timeoutMs: number, awaited: () => string): (cause: unknown) => ConsoleTimeoutError {
    return (cause) => new ConsoleTimeoutError(this.name, awaited(), timeoutMs, this.tail, { cause });
  }

  #closedError(awaited: string): ConsoleClosedError {
    return new ConsoleClosedError(this.name, awaited, this.tail, { cause: this.#streamError });
  }
}
