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
 * Parses the output of iputils' ping. Its summary also counts answers to requests that it has not sent, requests that it sent while the
 * last answers were still on their way, and answers that came together with the last one that it waited for; all of them are left out
 * here. Returns undefined if the output does not contain a summary.
 * @param count - how many answers ping waited for
 */
export function parsePing(output: string, count = Infinity): PingReport | undefined {
  const summary = /(?<sent>\d+) packets transmitted, (?<received>\d+) received/.exec(output)?.groups;
  if (!summary) return undefined;
  const average = /= [\d.]+\/(?<average>[\d.]+)\//.exec(output)?.groups?.['average'];
  const transmitted = Number(summary['sent']);
  const sequence = [...output.matchAll(/ bytes from .* icmp_seq=(\d+) (?!.*DUP!)/g)].map(([, number]) => Number(number));
  const answered = transmitted < sequenceNumbers ? sequence.filter((number) => number <= transmitted) : sequence;
  const isWhole = transmitted < sequenceNumbers && answered.length >= count;
  const received = Math.max(0, Math.min(transmitted, Number(summary['received']) - (sequence.length - answered.length), count));
  return {
    sent: isWhole ? Math.max(...answered.slice(0, count)) : transmitted,
    received,
    averageMs: average === undefined || received === 0 ? undefined : Number(average),
  };
}
