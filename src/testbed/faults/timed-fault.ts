// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { markHandled } from '../../core/mark-handled.ts';
import { check, type FaultTimes } from './impair-options.ts';

/** How a fault begins and ends. */
interface FaultSteps {
  readonly begin: () => Promise<void>;
  /** is also called if `begin` failed or was not called */
  readonly end: () => Promise<void>;
}

/** A fault, until it ends: by itself, by `await using`, by {@link TimedFault.end}, or at the latest with the testbed. */
export class TimedFault implements AsyncDisposable {
  /**
   * Resolves when the fault has ended: by itself, because it was ended, or with its testbed. With `durationMs`, `await unplugged.ended` waits
   * for that time. Rejects if the fault could not begin or end.
   */
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  #end: FaultSteps['end'];
  #isCancelled = false;
  #wasEndCalled = false;
  #failure: Error | undefined;

  private constructor(beginMs: number | undefined, durationMs: number | undefined, { begin, end }: FaultSteps) {
    this.#end = end;
    this.ended = this.#run(beginMs, durationMs, begin);
    markHandled(this.ended); // `failure` has the error
  }

  /**
   * Begins a fault, or schedules its begin.
   * @param callMs - the time of the call, by the clock of `performance.now`
   * @throws what `steps.begin` throws if it is called at once
   * @internal
   */
  static async start({ afterMs, durationMs }: FaultTimes, callMs: number, steps: FaultSteps): Promise<TimedFault> {
    if (afterMs === undefined) await steps.begin();
    return new TimedFault(afterMs === undefined ? undefined : callMs + afterMs, durationMs, steps);
  }

  /** Why it could not begin or end at its time. @internal */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Ends it. One that has not begun never begins. A second call does nothing.
   * @throws the error of {@link TimedFault.ended}
   */
  async end(): Promise<void> {
    check.endUnplugged(arguments);
    if (this.#wasEndCalled) return;
    this.#wasEndCalled = true;
    this.#end = AsyncResource.bind(this.#end); // so that its steps belong to the caller's step, not to that of the start
    this.#stop.abort();
    await this.ended;
  }

  /** Cancels what is scheduled, because the testbed ends. @internal */
  cancel(): void {
    this.#isCancelled = true;
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #run(beginMs: number | undefined, durationMs: number | undefined, begin: FaultSteps['begin']): Promise<void> {
    try {
      try {
        if (beginMs !== undefined) {
          await this.#waitUntil(beginMs);
          if (!this.#stop.signal.aborted) await begin();
        }
        await this.#waitUntil(performance.now() + (durationMs ?? Infinity));
      } finally {
        if (!this.#isCancelled) await this.#end();
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /** Returns at that time by the clock of `performance.now`, or when it is ended. */
  async #waitUntil(timeMs: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    if (timeMs === Infinity) {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
      return;
    }
    await sleep(Math.max(0, timeMs - performance.now()), undefined, { signal }).catch(() => undefined); // it was ended early
  }
}
