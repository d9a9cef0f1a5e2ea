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

/** Limit of GitLab's `parallel`. */
const maxShards = 200;

/**
 * Reads `--shard`.
 * @param text - like `2/5`
 * @throws UsageError for any other text
 */
export function parseShard(text: string, source = '--shard'): Shard {
  const [, first, second] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, total] = [Number(first), Number(second)];
  if (index >= 1 && index <= total && total <= maxShards) return { index, total };
  throw new UsageError(
    `${source}: expected INDEX/TOTAL, such as 2/5, with INDEX from 1 to TOTAL and TOTAL up to ${maxShards}; got ${JSON.stringify(text)}`,
  );
}

/**
 * Returns the shard of a job with `parallel`, from `CI_NODE_INDEX` and `CI_NODE_TOTAL`; `undefined` for other jobs.
 * @throws UsageError when they contradict each other
 */
export function shardOf(env: Variables): Shard | undefined {
  const { CI_NODE_INDEX: index = '', CI_NODE_TOTAL: total = '' } = env;
  if (total === '' || total === '1') return undefined;
  return parseShard(`${index}/${total}`, 'CI_NODE_INDEX/CI_NODE_TOTAL');
}

/**
 * Distributes files: the longest first, each to the shard with the least work so far. Every file is in exactly one shard. The
 * result does not depend on the order of the files. Pure.
 * @param durations - of files, in `s`; an unknown one counts as the median of the known ones
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

/** Identifies a plan, to detect shards that planned differently. */
export function planHash(plan: readonly (readonly string[])[]): string {
  return createHash('sha256').update(JSON.stringify(plan)).digest('hex').slice(0, 12);
}

/** Files with a duration of 0, such as failed ones, are distributed by number. */
function isLess(a: { load: number; files: readonly string[] }, b: { load: number; files: readonly string[] }): boolean {
  return a.load === b.load ? a.files.length < b.files.length : a.load < b.load;
}
