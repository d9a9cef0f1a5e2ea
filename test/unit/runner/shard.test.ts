// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { parseShard, planHash, planShards, shardOf } from '../../../src/runner/shard.ts';

const files = Array.from({ length: 11 }, (_, index) => `tests/${String.fromCharCode(97 + index)}.test.ts`);
const durations = new Map(files.map((file, index) => [file, (index * 7) % 11]));

test.each([1, 2, 3, 11, 20])('every file is in exactly one of %i shards', (total) => {
  const plan = planShards(files, total, durations);
  expect(plan).toHaveLength(total);
  expect(plan.flat().sort()).toEqual(files);
});

test('the plan does not depend on the order of the files', () => {
  const plan = planShards(files, 3, durations);
  expect(planShards([...files].reverse(), 3, durations)).toEqual(plan);
  expect(planHash(planShards([...files].reverse(), 3, durations))).toBe(planHash(plan));
  expect(planHash(planShards(files, 3, new Map()))).not.toBe(planHash(plan));
});

test('the longest files are spread over the shards', () => {
  const long = new Map([
    ['long', 100],
    ['half', 50],
    ['other half', 49],
  ]);
  expect(planShards(['half', 'other half', 'long'], 2, long)).toEqual([['long'], ['half', 'other half']]);
});

test('a file without a duration counts as the median of the others', () => {
  const some = new Map([
    ['a', 1],
    ['b', 10],
    ['c', 12],
  ]);
  expect(planShards(['a', 'b', 'c', 'new'], 2, some)).toEqual([
    ['c', 'a'],
    ['b', 'new'],
  ]);
});

test('without durations, or if all are 0, shards get equal numbers of files', () => {
  const zeros = new Map(files.map((file) => [file, 0]));
  for (const known of [new Map<string, number>(), zeros])
    expect(planShards(files, 2, known).map((shard) => shard.length)).toEqual([6, 5]);
});

test.each(['', '1', '0/2', '3/2', '1/201', '1/2/3', '-1/2', 'a/b', '1.5/2'])('refuses the shard %j', (text) => {
  expect(() => parseShard(text)).toThrow(
    `--shard: expected INDEX/TOTAL, such as 2/5, with INDEX from 1 to TOTAL and TOTAL up to 200; got ${JSON.stringify(text)}`,
  );
});

test('a job with CI_NODE_INDEX has a shard, other jobs have none', () => {
  expect(shardOf({ CI_NODE_INDEX: '2', CI_NODE_TOTAL: '3' })).toEqual({ index: 2, total: 3 });
  expect(shardOf({ CI_NODE_INDEX: '1', CI_NODE_TOTAL: '1' })).toBeUndefined();
  expect(shardOf({})).toBeUndefined();
  expect(() => shardOf({ CI_NODE_INDEX: '4', CI_NODE_TOTAL: '3' })).toThrow(
    expect.objectContaining({ code: 'ALPY_USAGE', message: expect.stringMatching(/^CI_NODE_INDEX\/CI_NODE_TOTAL: /) as string }),
  );
});
