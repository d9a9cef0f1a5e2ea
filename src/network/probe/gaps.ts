// SPDX-License-Identifier: GPL-3.0-or-later
import type { FlowGap } from './probe-report.ts';

/** Datagrams in a row that have not arrived. */
interface Gap {
  /** of the first one */
  readonly number: number;
  readonly count: number;
  /** when the first one was sent */
  readonly startMs: number;
  /** when the first one after them was sent */
  readonly endMs: number;
}

/** How many are kept. */
const keptGaps = 10_000;

/** The datagrams of a flow that are missing. */
export class Gaps {
  readonly #gaps: Gap[] = [];

  /** when the first datagram after the last gap was sent */
  get endMs(): number {
    return this.#gaps.at(-1)?.endMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Adds one after all others. */
  add(gap: Gap): void {
    this.#gaps.push(gap);
    if (this.#gaps.length > keptGaps) this.#gaps.shift();
  }

  /** Takes out a datagram that has arrived after all. @returns false if it was not missing */
  fill(number: number, sentMs: number, intervalMs: number): boolean {
    const index = this.#gaps.findLastIndex((gap) => gap.number <= number); // it probably arrives soon after its gap
    const gap = this.#gaps[index];
    if (!gap || number >= gap.number + gap.count) return false;
    const before = { ...gap, count: number - gap.number, endMs: sentMs };
    const rest = gap.number + gap.count - number - 1;
    const after = { number: number + 1, count: rest, startMs: sentMs + intervalMs, endMs: gap.endMs };
    this.#gaps.splice(index, 1, ...[before, after].filter(({ count }) => count > 0));
    return true;
  }

  /** Those that are kept, in order. */
  list(): readonly FlowGap[] {
    return this.#gaps.map(({ count, startMs, endMs }) => ({ startMs, lengthMs: endMs - startMs, datagrams: count }));
  }
}
