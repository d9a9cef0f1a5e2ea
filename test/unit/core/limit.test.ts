// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { limit } from '../../../src/core/limit.ts';

test('at most two bodies run at the same time, in the order of the calls', async () => {
  const inTurn = limit(2);
  const started: number[] = [];
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<number>());
  const results = gates.map(({ promise }, index) =>
    inTurn(() => {
      started.push(index);
      return promise;
    }),
  );
  expect(started).toEqual([0, 1]);
  gates[1]!.resolve(11);
  expect(await results[1]).toBe(11);
  expect(started).toEqual([0, 1, 2]);
  gates[0]!.resolve(10);
  gates[2]!.resolve(12);
  gates[3]!.resolve(13);
  expect(await Promise.all(results)).toEqual([10, 11, 12, 13]);
  expect(started).toEqual([0, 1, 2, 3]);
});

test('a body that fails makes room for the next one', async () => {
  const inTurn = limit(1);
  const failing = inTurn(() => Promise.reject(new Error('no')));
  const next = inTurn(() => Promise.resolve('next'));
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('next');
  expect(await inTurn(() => Promise.resolve('later'))).toBe('later');
});
