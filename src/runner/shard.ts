// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
import { UsageError } from '../core/errors.ts';
import type { Variables } from '../core/variables.ts';

/** One of several jobs that share the test files. */
export interface Shard {
  /** from 1 */
  readonly index: number;
  readonly total: number;
}

/** What GitLab's `parallel` takes at most. */
const maxShards = 200;

/**
 * Reads `--shard`.
 * @param text - like `2/5`
 * @throws UsageError when it is anything else
 */
export function parseShard(text: string, source = '--shard'): Shard {
  const [, first, second] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, total] = [Number(first), Number(second)];
  if (index >= 1 && index <= total && total <= maxShards) return { index, total };
  throw new UsageError(
    `${source}: wanted a part of the whole like 2/5, the first from 1 to the second, that up to ${maxShards}; found ${JSON.stringify(text)}`,
  );
}

/**
 * The shard of a job with `parallel`, by `CI_NODE_INDEX` and `CI_NODE_TOTAL`; nothing elsewhere.
 * @throws UsageError when they contradict each other
 */
export function shardOf(env: Variables): Shard | undefined {
  const { CI_NODE_INDEX: index = '', CI_NODE_TOTAL: total = '' } = env;
  if (total === '' || total === '1') return undefined;
  return parseShard(`${index}/${total}`, 'CI_NODE_INDEX/CI_NODE_TOTAL');
}

/**
 * Distributes files: the longest first, each to the shard with the least to do so far. Every file is in exactly one shard,
 * and who computes it, in whatever order the files come, gets the same. Pure.
 * @param durations - of files, in `s`; one that is not known counts as the median of those that are
 * @returns the files of each shard
 */
export function planShards(
  files: readonly string[],
  total: number,
  durations: ReadonlyMap<string, number>,
): readonly (readonly string[])[] {
  const known = files.flatMap((file) => durations.get(file) ?? []).sort((a, b) => a - b);
  const median = known[Math.floor(known.length / 2)] ?? 1;
  const durationOf = (file: string): number => durations.get(file) ?? median;
  const byName = (a: string, b: string): number => (a < b ? -1 : 1);
  const shards = Array.from({ length: total }, () => ({ load: 0, files: [] as string[] }));
  for (const file of [...files].sort(byName).sort((a, b) => durationOf(b) - durationOf(a))) {
    const least = shards.reduce((best, shard) => (isLess(shard, best) ? shard : best));
    least.files.push(file);
    least.load += durationOf(file);
  }
  return shards.map((shard) => shard.files);
}

/** Identifies a plan, so that shards that planned differently can be found out. */
export function planHash(plan: readonly (readonly string[])[]): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 12);
}

/** Files that take no time at all, as failed ones may, are spread by number. */
function isLess(a: { load: number; files: readonly string[] }, b: { load: number; files: readonly string[] }): boolean {
  return a.load === b.load ? a.files.length < b.files.length : a.load < b.load;
}
