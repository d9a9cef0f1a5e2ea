// SPDX-License-Identifier: GPL-3.0-or-later

/** What was measured: some runs of one thing. */
export interface Figure {
  readonly name: string;
  /** `ms`, `s`, `MiB`, `Mbit/s`, `frames/s`, … */
  readonly unit: string;
  readonly values: readonly number[];
}

/** The middle one; the mean of the two in the middle when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** Collects figures by name, in the order in which they first come. */
export class Figures {
  readonly #figures = new Map<string, { unit: string; values: number[] }>();

  /** Adds a value to a figure. */
  add(name: string, unit: string, value: number): void {
    const figure = this.#figures.get(name) ?? { unit, values: [] };
    figure.values.push(value);
    this.#figures.set(name, figure);
  }

  /** all of them */
  get all(): readonly Figure[] {
    return [...this.#figures].map(([name, figure]) => ({ name, ...figure }));
  }

  /** Median of a figure; `undefined` when it was not measured. */
  median(name: string): number | undefined {
    const figure = this.#figures.get(name);
    return figure && median(figure.values);
  }
}

/** How long something takes, in `ms`, and what it gives. */
export async function timed<T>(body: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const startMs = performance.now();
  const result = await body();
  return { ms: performance.now() - startMs, result };
}
