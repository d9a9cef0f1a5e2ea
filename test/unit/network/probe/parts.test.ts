// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { Changes } from '../../../../src/network/probe/changes.ts';
import { Histogram } from '../../../../src/network/probe/histogram.ts';
import { millisecondsOf, RecordSplitter } from '../../../../src/network/probe/records.ts';

test('records are put together from chunks of any size', () => {
  const bytes = Buffer.alloc(60);
  for (const index of [0, 1, 2]) {
    bytes.writeUInt32LE(index, 20 * index);
    bytes.writeBigUInt64LE(5_000_000_000n + BigInt(index), 20 * index + 4);
    bytes.writeBigUInt64LE(7n, 20 * index + 12);
  }
  const expected = [0, 1, 2].map((index) => ({ first: index, second: 5_000_000_000n + BigInt(index), third: 7n }));
  for (const size of [1, 7, 20, 33, 60]) {
    const splitter = new RecordSplitter();
    const chunks = Array.from({ length: Math.ceil(60 / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
    expect(chunks.flatMap((chunk) => splitter.push(chunk))).toEqual(expected);
  }
  expect(millisecondsOf(5_000_000_001n)).toBe(5000.000001);
});

test('quantiles are right within 1 %', () => {
  const histogram = new Histogram();
  for (let value = 1; value <= 10_000; value += 1) histogram.add(value / 100);
  expect([histogram.min, histogram.max]).toEqual([0.01, 100]);
  expect(Math.abs(histogram.quantile(0.5) / 50 - 1)).toBeLessThan(0.01);
  expect(Math.abs(histogram.quantile(0.99) / 99 - 1)).toBeLessThan(0.01);
  expect(histogram.quantile(1)).toBeLessThanOrEqual(100);
});

test('a value of 0 has its own bucket', () => {
  const histogram = new Histogram();
  for (const value of [0, 0, 5]) histogram.add(value);
  expect([histogram.quantile(0.5), histogram.quantile(1), histogram.min]).toEqual([0, 5, 0]);
});

test('a wait ends with the change that it waits for, with the failure, or with its signal', async () => {
  const changes = new Changes();
  let value = 0;
  const found = changes.until(() => (value > 1 ? value : undefined), undefined);
  for (value of [1, 2]) changes.notify();
  expect(await found).toBe(2);

  const stop = new AbortController();
  const stopped = changes.until(() => undefined, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(stopped).rejects.toThrow('stopped');

  const failed = changes.until(() => undefined, undefined);
  changes.fail(new Error('the sender ended'));
  changes.fail(new Error('the receiver ended, too'));
  await expect(failed).rejects.toThrow('the sender ended');
  await expect(changes.until(() => 1, undefined)).rejects.toThrow('the sender ended');
});
