// SPDX-License-Identifier: GPL-3.0-or-later
import type { RunReport } from './model.ts';

/**
 * What is wrong with the results of jobs that shared the tests: one is missing or there twice, or they did not agree on who
 * ran what, so that tests may have been left out. Nothing when all is well. Pure.
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
    return `no results of shard ${missing.join(', ')} of ${first.total}: see whether its job ran and kept its artifacts`;
  const twice = shards.find(({ index }, at) => shards.findIndex((other) => other.index === index) !== at);
  return twice === undefined ? undefined : `the results of shard ${twice.index} are there twice: name each once`;
}
