// SPDX-License-Identifier: GPL-3.0-or-later
import { median } from '../src/core/median.ts';

/** A measured quantity, with the values of all runs. */
export interface Figure {
  readonly name: string;
  /** `ms`, `s`, `MiB`, `Mbit/s`, `frames/s`, … */
  readonly unit: string;
  readonly values: readonly number[];
}

/** Collects figures by name, in the order of their first values. */
export class Figures {
  readonly #figures = new Map<string, { unit: string; values: number[] }>();

  /** Adds a value to a figure. */
  add(name: string, unit: string, value: number): void {
    const figure = this.#figures.get(name) ?? { unit, values: [] };
    figure.values.push(value);
    this.#figures.set(name, figure);
  }

  /** all figures */
  get all(): readonly Figure[] {
    return [...this.#figures].map(([name, figure]) => ({ name, ...figure }));
  }

  /** Median of a figure; `undefined` if it was not measured. */
  median(name: string): number | undefined {
    const figure = this.#figures.get(name);
    return figure && median(figure.values);
  }
}

/** Runs `body` and measures its duration. */
export async function timed<T>(body: () => Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const startMs = performance.now();
  const result = await body();
  return { ms: performance.now() - startMs, result };
}
