// SPDX-License-Identifier: GPL-3.0-or-later
import type { RunReport } from './model.ts';

/**
 * Returns what is wrong with the results of shards: one is missing or given twice, or the shards divided the tests differently, so
 * that some tests may not have run. Returns `undefined` if the results are complete. Pure.
 */
export function shardProblem(reports: readonly Pick<RunReport, 'shard'>[]): string | undefined {
  const shards = reports.flatMap(({ shard }) => shard ?? []);
  const [first] = shards;
  if (first === undefined) return undefined;
  if (shards.some(({ plan, total }) => plan !== first.plan || total !== first.total))
    return 'the shards did not agree on who runs which tests, so some may not have run: run the pipeline again';
  const present = new Set(shards.map(({ index }) => index));
  const missing = Array.from({ length: first.total }, (_, index) => index + 1).filter((index) => !present.has(index));
  if (missing.length > 0)
    return `got no results of shard ${missing.join(', ')} of ${first.total}: check whether its job ran and kept its artifacts`;
  const repeated = shards.find(({ index }, at) => shards.findIndex((other) => other.index === index) !== at);
  return repeated === undefined ? undefined : `got the results of shard ${repeated.index} twice: name each output directory once`;
}
