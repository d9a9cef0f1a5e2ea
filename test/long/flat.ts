// SPDX-License-Identifier: GPL-3.0-or-later

/** How much a figure may grow and still count as flat. */
export interface Tolerance {
  /** share of the earlier value */
  readonly share: number;
  /** in the figure's unit; the larger of the two counts */
  readonly absolute: number;
}

/** What became of a figure in a long run. */
export interface Trend {
  /** median of the second quarter of the samples: by then caches are warm and code is compiled */
  readonly early: number;
  /** least of the last quarter */
  readonly late: number;
  readonly isFlat: boolean;
}

const fewestSamples = 8;

/**
 * Compares the last quarter of samples with the second. Of the last one the least counts: how many testbeds exist at a moment raises some
 * samples, and a leak raises all that come later. A figure that falls is flat. Pure.
 * @throws RangeError for fewer samples than are needed for each quarter
 */
export function trendOf(samples: readonly number[], { share, absolute }: Tolerance): Trend {
  if (samples.length < fewestSamples)
    throw new RangeError(`expected at least ${fewestSamples} samples, got ${samples.length}. Sample more often`);
  const quarter = samples.length / 4;
  const early = median(samples.slice(Math.floor(quarter), Math.floor(2 * quarter)));
  const late = Math.min(...samples.slice(Math.floor(3 * quarter)));
  return { early, late, isFlat: late - early <= Math.max(absolute, early * share) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
