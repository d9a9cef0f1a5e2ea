// SPDX-License-Identifier: GPL-3.0-or-later

/** How many echo requests were sent and answered. */
export interface PingReport {
  readonly sent: number;
  readonly received: number;
  /** mean round-trip time, in `ms`; absent if there was no answer */
  readonly averageMs: number | undefined;
}

/** Parses the summary of iputils' ping. Returns undefined if the output does not contain one. */
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
