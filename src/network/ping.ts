// SPDX-License-Identifier: GPL-3.0-or-later

/** What became of echo requests. */
export interface PingReport {
  readonly sent: number;
  readonly received: number;
  /** mean time to an answer, in `ms`; absent without an answer */
  readonly averageMs: number | undefined;
}

/** Reads the summary of iputils' ping; nothing when there is none. */
export function parsePing(output: string): PingReport | undefined {
  const summary = /(?<sent>\d+) packets transmitted, (?<received>\d+) received/.exec(output)?.groups;
  if (!summary) return undefined;
  const average = /= [\d.]+\/(?<average>[\d.]+)\//.exec(output)?.groups?.['average'];
  return {
    sent: Number(summary['sent']),
    received: Number(summary['received']),
    averageMs: average === undefined ? undefined : Number(average),
  };
}
