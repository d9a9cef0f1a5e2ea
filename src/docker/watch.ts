// SPDX-License-Identifier: GPL-3.0-or-later
import { DaemonError, daemonError, statusCodeOf } from './errors.ts';

/** How long a daemon may be silent. */
export interface WatchLimits {
  /** silence after which the daemon is given up, in `ms`; default 60 s */
  readonly lostMs?: number | undefined;
  /** how often the daemon is asked whether it is there, in `ms`; default 1 s */
  readonly beatMs?: number | undefined;
  /** how long the daemon may take to answer when it is asked because a deadline has passed, in `ms`; default 3 s */
  readonly askMs?: number | undefined;
}

const defaultLostMs = 60_000;
const defaultBeatMs = 1000;
const defaultAskMs = 3000;
/** An answer that takes longer than this is remembered as silence, in `ms`. */
const slowMs = 500;
/** Silence that explains any missed deadline, in `ms`; of a shorter wait, half of it does. */
const explainingMs = [1000, 3000] as const;

/** How many silences are remembered. */
const keptSilences = 100;

interface Silence {
  readonly startMs: number;
  readonly endMs: number;
}

/** What {@link DaemonWatch} needs of a daemon. */
export interface WatchedDaemon {
  /** as a person knows it */
  readonly address: string;
  /** @throws Error when it refuses, cannot be reached, or the signal fires */
  readonly ping: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Asks a daemon again and again whether it is there, so that it is known when it was silent: a wait that missed its deadline
 * then says nothing about the device.
 */
export class DaemonWatch implements Disposable {
  readonly #daemon: WatchedDaemon;
  #lostMs: number;
  readonly #askMs: number;
  readonly #onLost: (error: DaemonError) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #closed = new AbortController();
  #silences: readonly Silence[] = [];
  /** when the question was asked that is not answered yet */
  #askedMs: number | undefined;

  /** @param onLost - called when the daemon is given up */
  constructor(daemon: WatchedDaemon, limits: WatchLimits, onLost: (error: DaemonError) => void) {
    const { lostMs = defaultLostMs, beatMs = defaultBeatMs, askMs = defaultAskMs } = limits;
    this.#daemon = daemon;
    this.#lostMs = lostMs;
    this.#askMs = askMs;
    this.#onLost = onLost;
    this.#timer = setInterval(() => {
      this.#beat();
    }, beatMs).unref();
  }

  /**
   * Why nothing came in a wait that began at `startMs` and has just missed its deadline; `undefined` when the daemon was there.
   * Asks it once more, as it may have fallen silent only now.
   */
  async explain(startMs: number): Promise<DaemonError | undefined> {
    const endMs = performance.now();
    const [least, most] = explainingMs;
    const enoughMs = Math.max(least, Math.min(most, (endMs - startMs) / 2));
    const silentMs = this.#silentMs({ startMs, endMs });
    if (silentMs >= enoughMs) return this.#error(silentMs);
    const deadline = AbortSignal.timeout(this.#askMs);
    const failure = await this.#ask(AbortSignal.any([deadline, this.#closed.signal]));
    if (failure === undefined || this.#closed.signal.aborted) return undefined;
    return deadline.aborted
      ? this.#error(this.#silentMs({ startMs, endMs: performance.now() }))
      : daemonError(this.#daemon.address, failure);
  }

  /** Gives the daemon up after so much silence from now on, in `ms`, which may have passed already. */
  hurry(lostMs: number): void {
    this.#lostMs = Math.min(lostMs, this.#lostMs);
    this.#beat();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#closed.abort();
  }

  /** The longest silence within a span. */
  #silentMs(span: Silence): number {
    const pending = this.#askedMs === undefined ? [] : [{ startMs: this.#askedMs, endMs: performance.now() }];
    const lengths = [...this.#silences, ...pending].map(
      ({ startMs, endMs }) => Math.min(endMs, span.endMs) - Math.max(startMs, span.startMs),
    );
    return Math.max(0, ...lengths);
  }

  #beat(): void {
    if (this.#closed.signal.aborted) return;
    if (this.#askedMs !== undefined) {
      const silentMs = performance.now() - this.#askedMs;
      if (silentMs >= this.#lostMs) this.#lose(silentMs);
      return;
    }
    this.#askedMs = performance.now();
    void this.#ask(this.#closed.signal).then(() => {
      this.#askedMs = undefined;
    });
  }

  /** Done when the daemon has answered or the signal has fired. @returns why it did not answer */
  async #ask(signal: AbortSignal): Promise<unknown> {
    const startMs = performance.now();
    const failure: unknown = await this.#daemon.ping(signal).then(
      () => undefined,
      (error: unknown) => (statusCodeOf(error) === undefined ? error : undefined), // a refusal is an answer
    );
    const endMs = performance.now();
    if (endMs - startMs >= slowMs) this.#silences = [...this.#silences, { startMs, endMs }].slice(-keptSilences);
    return failure;
  }

  #lose(silentMs: number): void {
    this[Symbol.dispose]();
    this.#onLost(this.#error(silentMs));
  }

  #error(silentMs: number): DaemonError {
    const seconds = (silentMs / 1000).toFixed(1);
    return new DaemonError(
      `the Docker daemon at ${this.#daemon.address} did not answer for ${seconds} s. See its log, and whether its machine is overloaded`,
      'journalctl -u docker',
    );
  }
}
