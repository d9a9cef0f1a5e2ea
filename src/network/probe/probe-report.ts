// SPDX-License-Identifier: GPL-3.0-or-later

/** Datagrams in a row that did not arrive, or a time in which none arrived. Times count from the first datagram of the flow. */
export interface FlowGap {
  /** in `ms` */
  readonly startMs: number;
  /** in `ms` */
  readonly lengthMs: number;
  /** how many datagrams were lost */
  readonly datagrams: number;
}

/** How datagrams of a flow came through. The first one that arrived is the first one that counts. */
export interface ProbeReport {
  /** how long it has lasted, in `ms` */
  readonly durationMs: number;
  readonly sent: number;
  /** without duplicates */
  readonly received: number;
  /** did not arrive within a second, or were overtaken by others and had not arrived by the time of this report */
  readonly lost: number;
  /** arrived again */
  readonly duplicates: number;
  /** arrived after a later one */
  readonly reordered: number;
  /** lost datagrams, those in a row together; the last 10,000 such gaps */
  readonly gaps: readonly FlowGap[];
  /** when nothing arrived for at least 20 ms, or three intervals, longer than it should have; the last 10,000 outages */
  readonly outages: readonly FlowGap[];
  /** in `ms`; 0 if there was no outage. One that is not over counts as long as it has lasted */
  readonly longestOutageMs: number;
  /** time from the sending to the receiving node, in `ms`; median and p99 are right within 1 % */
  readonly latencyMs: { readonly min: number; readonly median: number; readonly p99: number; readonly max: number };
  /** lost datagrams that the kernel of the sending node refused, for example because it has no route */
  readonly refused: number;
  /** lost datagrams that arrived at the receiving node, but that this machine was too slow to read */
  readonly dropped: number;
  /** longest time by which the sender was late because this machine was busy, in `ms`. It does not count as an outage */
  readonly longestPauseMs: number;
}
