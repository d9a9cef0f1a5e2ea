// SPDX-License-Identifier: GPL-3.0-or-later
import { JsonCache } from '../../../core/json-cache.ts';
import { median } from '../../../core/median.ts';
import type { StepReport } from '../../../report/index.ts';
import type { OpenStep } from '../../../runner/index.ts';

/** How long the guest takes to boot: in this run, or else in an earlier one. */
export class BootDurations {
  readonly #cache: JsonCache;
  readonly #name: string;
  readonly #seenMs: number[] = [];
  readonly #earlierMs: number | undefined;

  private constructor(cache: JsonCache, name: string, earlierMs: number | undefined) {
    this.#cache = cache;
    this.#name = name;
    this.#earlierMs = earlierMs;
  }

  /**
   * @param file - remembers the durations
   * @param name - of the machine that boots
   */
  static async open(file: string, name: string): Promise<BootDurations> {
    const cache = new JsonCache(file);
    const found = await cache.find(name);
    return new BootDurations(cache, name, typeof found === 'number' ? found : undefined);
  }

  /** Returns how long a step will take, in `ms`, if it is a boot and an earlier one is known. */
  expectedMs({ category }: Pick<OpenStep, 'category'>): number | undefined {
    if (category !== 'testbed.boot') return undefined;
    return this.#seenMs.length > 0 ? median(this.#seenMs) : this.#earlierMs;
  }

  /** Takes the steps of a test that has ended. */
  learn(steps: readonly StepReport[]): void {
    for (const { category, durationMs, error, children } of steps) {
      if (category === 'testbed.boot' && durationMs !== undefined && error === undefined) this.#seenMs.push(durationMs);
      this.learn(children);
    }
  }

  /** Remembers what this run has shown. */
  async save(): Promise<void> {
    if (this.#seenMs.length > 0) await this.#cache.add(this.#name, Math.round(median(this.#seenMs)));
  }
}
