// SPDX-License-Identifier: GPL-3.0-or-later
import type { FlowGap, ProbeReport } from './probe-report.ts';
import { Gaps } from './gaps.ts';
import { Histogram } from './histogram.ts';

/** Shortest outage, in `ms`, and in intervals between datagrams. The machine's scheduler causes shorter ones all the time. */
const shortestOutage = { ms: 20, intervals: 3 };

/** How many outages are kept. */
const keptOutages = 10_000;

/** A datagram that has arrived. Times are of one clock, in `ms`. */
export interface Arrival {
  readonly number: number;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** What the sender and the receiver have reported. */
export interface FlowEnds {
  /** number of the next datagram to be sent */
  readonly sentCount: number;
  /** time of the receiver, in `ms` */
  readonly nowMs: number;
  readonly refused: number;
  readonly dropped: number;
}

/** Keeps account of a flow's datagrams. Needs the same memory however long the flow lasts. */
export class FlowAccount {
  readonly #intervalMs: number;
  readonly #shortestOutageMs: number;
  readonly #latency = new Histogram();
  readonly #gaps = new Gaps();
  readonly #outages: FlowGap[] = [];
  #first: Arrival | undefined;
  /** the arrived datagram with the highest number, and the one that arrived last */
  #highest: Arrival | undefined;
  #latest: Arrival | undefined;
  #received = 0;
  #duplicates = 0;
  #reordered = 0;
  #longestPauseMs = 0;

  /** @param intervalMs - time between datagrams */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#shortestOutageMs = Math.max(shortestOutage.ms, shortestOutage.intervals * intervalMs);
  }

  /** whether a datagram has arrived */
  get hasBegun(): boolean {
    return this.#first !== undefined;
  }

  /** Whether the first datagram that arrived is below a number. */
  hasBegunBefore(number: number): boolean {
    return this.#first !== undefined && this.#first.number < number;
  }

  /** Whether all datagrams below a number have arrived, except those that were lost before a time. */
  hasAllBelow(number: number, sinceMs: number): boolean {
    return (this.#highest?.number ?? -1) >= number - 1 && this.#gaps.endMs < sinceMs;
  }

  /** Adds a datagram, in the order of arrival. */
  add(arrival: Arrival): void {
    if (!this.#first || !this.#highest) {
      this.#first = arrival;
      this.#highest = arrival;
    } else if (arrival.number < this.#first.number) {
      return; // overtaken by the first one that counts
    } else if (arrival.number > this.#highest.number) {
      this.#noteOutage(arrival);
      this.#advance(this.#highest, arrival);
    } else if (this.#gaps.fill(arrival.number, arrival.sentMs, this.#intervalMs)) {
      this.#noteOutage(arrival);
      this.#reordered += 1;
    } else {
      this.#duplicates += 1;
      return;
    }
    this.#received += 1;
    this.#latest = arrival;
    this.#latency.add(latencyOf(arrival));
  }

  /** The outages that were not over at a time of the receiver, the last one perhaps not even at `nowMs`. Times are the receiver's. */
  outagesSince(sinceMs: number, ends: FlowEnds): readonly FlowGap[] {
    const past = this.#outages.filter(({ startMs, lengthMs }) => startMs + lengthMs >= sinceMs);
    const present = this.outageNow(ends);
    return present ? [...past, present] : past;
  }

  /** The outage that is not over yet. Its start is a time of the receiver. */
  outageNow({ nowMs, sentCount }: FlowEnds): FlowGap | undefined {
    if (!this.#highest) return undefined;
    const missing = sentCount - this.#highest.number - 1;
    const startMs = this.#expectedMs(this.#highest.sentMs + this.#intervalMs);
    const lengthMs = nowMs - startMs;
    return missing > 0 && lengthMs >= this.#shortestOutageMs ? { startMs, lengthMs, datagrams: missing } : undefined;
  }

  /** How the datagrams came through so far. At least one must have arrived. */
  report(ends: FlowEnds): ProbeReport {
    const [first, highest] = [this.#first, this.#highest];
    if (!first || !highest) throw new RangeError('expected a datagram that has arrived, got none');
    const sentCount = Math.max(ends.sentCount, highest.number + 1);
    const sent = sentCount - first.number;
    const missing = sentCount - highest.number - 1;
    const last = { startMs: highest.sentMs + this.#intervalMs, lengthMs: missing * this.#intervalMs, datagrams: missing };
    const fromStart = (gap: FlowGap, originMs: number): FlowGap => ({
      startMs: rounded(gap.startMs - originMs),
      lengthMs: rounded(gap.lengthMs),
      datagrams: gap.datagrams,
    });
    const outages = this.outagesSince(0, ends).map((outage) => fromStart(outage, first.receivedMs));
    return {
      durationMs: rounded(Math.max(highest.sentMs - first.sentMs + this.#intervalMs, ends.nowMs - first.receivedMs)),
      sent,
      received: this.#received,
      lost: sent - this.#received,
      duplicates: this.#duplicates,
      reordered: this.#reordered,
      gaps: [...this.#gaps.list(), ...(missing > 0 ? [last] : [])].map((gap) => fromStart(gap, first.sentMs)),
      outages,
      longestOutageMs: Math.max(0, ...outages.map(({ lengthMs }) => lengthMs)),
      latencyMs: {
        min: rounded(this.#latency.min),
        median: rounded(this.#latency.quantile(0.5)),
        p99: rounded(this.#latency.quantile(0.99)),
        max: rounded(this.#latency.max),
      },
      refused: ends.refused,
      dropped: ends.dropped,
      longestPauseMs: rounded(this.#longestPauseMs),
    };
  }

  #advance(highest: Arrival, arrival: Arrival): void {
    const lost = arrival.number - highest.number - 1;
    const expectedMs = highest.sentMs + this.#intervalMs;
    if (lost > 0) this.#gaps.add({ number: highest.number + 1, count: lost, startMs: expectedMs, endMs: arrival.sentMs });
    else this.#longestPauseMs = Math.max(this.#longestPauseMs, arrival.sentMs - expectedMs);
    this.#highest = arrival;
  }

  /** Notes an outage if a datagram has arrived much later than it would have with the latency of the one before. */
  #noteOutage(arrival: Arrival): void {
    if (!this.#highest) return;
    const lost = Math.max(0, arrival.number - this.#highest.number - 1);
    const startMs = this.#expectedMs(lost > 0 ? this.#highest.sentMs + this.#intervalMs : arrival.sentMs);
    const lengthMs = arrival.receivedMs - startMs;
    if (lengthMs < this.#shortestOutageMs) return;
    this.#outages.push({ startMs, lengthMs, datagrams: lost });
    if (this.#outages.length > keptOutages) this.#outages.shift();
  }

  /** When a datagram that was sent at a time should arrive. */
  #expectedMs(sentMs: number): number {
    return this.#latest ? Math.max(sentMs + latencyOf(this.#latest), this.#latest.receivedMs) : sentMs;
  }
}

/** The clocks are read one after the other, so their difference may be some µs too small. */
function latencyOf({ sentMs, receivedMs }: Arrival): number {
  return Math.max(0, receivedMs - sentMs);
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
