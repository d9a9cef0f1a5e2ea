// SPDX-License-Identifier: GPL-3.0-or-later

/** How many echo requests were sent and answered. */
export interface PingReport {
  readonly sent: number;
  readonly received: number;
  /** mean round-trip time, in `ms`; absent if there was no answer */
  readonly averageMs: number | undefined;
}

/** Sequence numbers have 16 bits. */
const sequenceNumbers = 0x1_0000;

/**
 * Parses the output of iputils' ping. Its summary also counts answers to requests that it has not sent; they are left out here.
 * Returns undefined if the output does not contain a summary.
 */
export function parsePing(output: string): PingReport | undefined {
  const summary = /(?<sent>\d+) packets transmitted, (?<received>\d+) received/.exec(output)?.groups;
  if (!summary) return undefined;
  const average = /= [\d.]+\/(?<average>[\d.]+)\//.exec(output)?.groups?.['average'];
  const sent = Number(summary['sent']);
  const sequence = [...output.matchAll(/ icmp_seq=(\d+) (?!.*DUP!)/g)].map(([, number]) => Number(number));
  const strayCount = sent < sequenceNumbers ? sequence.filter((number) => number > sent).length : 0;
  const received = Math.max(0, Math.min(sent, Number(summary['received']) - strayCount));
  return {
    sent,
    received,
    averageMs: average === undefined || received === 0 ? undefined : Number(average),
  };
}
