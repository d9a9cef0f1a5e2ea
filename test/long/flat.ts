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
  /** median of the last quarter */
  readonly late: number;
  readonly isFlat: boolean;
}

const fewestSamples = 8;

/**
 * Compares the last quarter of samples with the second. Medians, so that a single peak does not matter; a leak raises all later
 * samples. A figure that falls is flat. Pure.
 * @throws RangeError for fewer samples than are needed for a median of each quarter
 */
export function trendOf(samples: readonly number[], { share, absolute }: Tolerance): Trend {
  if (samples.length < fewestSamples)
    throw new RangeError(`expected at least ${fewestSamples} samples, got ${samples.length}. Sample more often`);
  const quarter = samples.length / 4;
  const early = median(samples.slice(Math.floor(quarter), Math.floor(2 * quarter)));
  const late = median(samples.slice(Math.floor(3 * quarter)));
  return { early, late, isFlat: late - early <= Math.max(absolute, early * share) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
