// SPDX-License-Identifier: GPL-3.0-or-later

/** Ratio of the bounds of a bucket. */
const step = 1.01;

/** Counts positive values in buckets whose bounds differ by 1 %, so its size does not depend on how many there are. */
export class Histogram {
  readonly #counts = new Map<number, number>();
  #total = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  add(value: number): void {
    const bucket = value <= 0 ? Number.NEGATIVE_INFINITY : Math.round(Math.log(value) / Math.log(step));
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.#total += 1;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  get min(): number {
    return this.#min;
  }

  get max(): number {
    return this.#max;
  }

  /** The value below which a fraction of all lie, within 1 %. */
  quantile(fraction: number): number {
    let rank = Math.ceil(fraction * this.#total);
    for (const bucket of [...this.#counts.keys()].sort((a, b) => a - b)) {
      rank -= this.#counts.get(bucket) ?? 0;
      if (rank <= 0) return Math.min(this.#max, Math.max(this.#min, step ** bucket));
    }
    return this.#max;
  }
}
