// SPDX-License-Identifier: GPL-3.0-or-later
import { DaemonError, daemonError, statusCodeOf } from './errors.ts';

/** How long a daemon may be silent. */
export interface WatchLimits {
  /** silence after which the daemon counts as lost, in `ms`; default: 60 s */
  readonly lostMs?: number | undefined;
  /** how often to ping the daemon, in `ms`; default: 1 s */
  readonly beatMs?: number | undefined;
  /** how long the daemon may take to answer a ping after a missed deadline, in `ms`; default: 3 s */
  readonly pingTimeoutMs?: number | undefined;
}

const defaultLostMs = 60_000;
const defaultBeatMs = 1000;
const defaultPingTimeoutMs = 3000;
/** An answer that takes longer than this is recorded as silence, in `ms`. */
const slowMs = 500;
/** Silence that explains a missed deadline, in `ms`: half of the wait, within these limits. */
const explainingMs = [1000, 3000] as const;

/** How many silences are recorded. */
const keptSilences = 100;

interface Silence {
  readonly startMs: number;
  readonly endMs: number;
}

/** What {@link DaemonWatch} needs from a daemon. */
export interface WatchedDaemon {
  /** for messages */
  readonly address: string;
  /** @throws Error if it refuses, cannot be reached, or the signal fires */
  readonly ping: (signal: AbortSignal) => Promise<unknown>;
}

/**
 * Pings a daemon regularly and records when it was silent. A wait that missed its deadline because of that says nothing about
 * the device.
 */
export class DaemonWatch implements Disposable {
  readonly #daemon: WatchedDaemon;
  #lostMs: number;
  readonly #pingTimeoutMs: number;
  readonly #onLost: (error: DaemonError) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #closed = new AbortController();
  #silences: readonly Silence[] = [];
  /** start of the ping that has no answer yet */
  #pingedMs: number | undefined;

  /** @param onLost - called when the daemon counts as lost */
  constructor(daemon: WatchedDaemon, limits: WatchLimits, onLost: (error: DaemonError) => void) {
    const { lostMs = defaultLostMs, beatMs = defaultBeatMs, pingTimeoutMs = defaultPingTimeoutMs } = limits;
    this.#daemon = daemon;
    this.#lostMs = lostMs;
    this.#pingTimeoutMs = pingTimeoutMs;
    this.#onLost = onLost;
    this.#timer = setInterval(() => {
      this.#beat();
    }, beatMs).unref();
  }

  /**
   * Explains why a wait that began at `startMs` has just missed its deadline; `undefined` if the daemon is not the reason. Pings
   * the daemon once more, because it may have fallen silent only now.
   */
  async explain(startMs: number): Promise<DaemonError | undefined> {
    const endMs = performance.now();
    const [least, most] = explainingMs;
    const enoughMs = Math.max(least, Math.min(most, (endMs - startMs) / 2));
    const silentMs = this.#silentMs({ startMs, endMs });
    if (silentMs >= enoughMs) return this.#error(silentMs);
    const deadline = AbortSignal.timeout(this.#pingTimeoutMs);
    const failure = await this.#ping(AbortSignal.any([deadline, this.#closed.signal]));
    if (failure === undefined || this.#closed.signal.aborted) return undefined;
    return deadline.aborted
      ? this.#error(this.#silentMs({ startMs, endMs: performance.now() }))
      : daemonError(this.#daemon.address, failure);
  }

  /** Shortens the silence after which the daemon counts as lost, in `ms`. The present silence counts. */
  hurry(lostMs: number): void {
    this.#lostMs = Math.min(lostMs, this.#lostMs);
    this.#beat();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#closed.abort();
  }

  /** The longest silence within a span of time. */
  #silentMs(span: Silence): number {
    const pending = this.#pingedMs === undefined ? [] : [{ startMs: this.#pingedMs, endMs: performance.now() }];
    const lengths = [...this.#silences, ...pending].map(
      ({ startMs, endMs }) => Math.min(endMs, span.endMs) - Math.max(startMs, span.startMs),
    );
    return Math.max(0, ...lengths);
  }

  #beat(): void {
    if (this.#closed.signal.aborted) return;
    if (this.#pingedMs !== undefined) {
      const silentMs = performance.now() - this.#pingedMs;
      if (silentMs >= this.#lostMs) this.#lose(silentMs);
      return;
    }
    this.#pingedMs = performance.now();
    void this.#ping(this.#closed.signal).then(() => {
      this.#pingedMs = undefined;
    });
  }

  /** Pings the daemon. Settles if it has answered or the signal has fired. @returns why it did not answer */
  async #ping(signal: AbortSignal): Promise<unknown> {
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
      `the Docker daemon at ${this.#daemon.address} did not answer for ${seconds} s. Check its log, and whether its machine is overloaded`,
      'journalctl -u docker',
    );
  }
}
