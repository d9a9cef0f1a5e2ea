// SPDX-License-Identifier: GPL-3.0-or-later
import { availableParallelism } from 'node:os';
import { readLoad } from './load.ts';
import { overloadOf, type LoadSample } from './overload.ts';

/** How often the load is measured, and how long it is kept, in `ms`. */
const [beatMs, keptMs] = [1000, 30 * 60_000];

/** Measures the load of this machine once a second. */
export class LoadMonitor implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #samples: readonly LoadSample[] = [];
  #dueMs = performance.now();

  constructor() {
    this.#timer = setInterval(() => void this.#measure(), beatMs).unref();
    void this.#measure();
  }

  /** Describes an overload between two moments, one measurement per line; `undefined` if there was none. */
  async overloadBetween(fromMs: number, toMs: number): Promise<readonly string[] | undefined> {
    await this.#measure();
    return overloadOf(samplesOf(this.#samples, fromMs, toMs), availableParallelism());
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #measure(): Promise<void> {
    const atMs = performance.now();
    const lateMs = Math.max(0, atMs - this.#dueMs);
    this.#dueMs = atMs + beatMs;
    const sample = { ...(await readLoad()), atMs, lateMs };
    this.#samples = [...this.#samples.filter((one) => one.atMs > atMs - keptMs), sample];
  }
}

/** The samples of a span of time, with the last one before it. Pure. */
function samplesOf(samples: readonly LoadSample[], fromMs: number, toMs: number): readonly LoadSample[] {
  const before = samples.findLast(({ atMs }) => atMs <= fromMs);
  const after = samples.find(({ atMs }) => atMs >= toMs);
  const [first, last] = [before?.atMs ?? fromMs, after?.atMs ?? toMs];
  return samples.filter(({ atMs }) => atMs >= first && atMs <= last);
}
