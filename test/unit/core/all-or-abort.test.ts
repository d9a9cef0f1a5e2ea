// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { allOrAbort } from '../../../src/core/all-or-abort.ts';

test('results are in the order of the tasks', async () => {
  const first = Promise.withResolvers<string>();
  const results = allOrAbort(undefined, [
    () => first.promise,
    () => {
      first.resolve('a');
      return Promise.resolve(2);
    },
  ]);
  expect(await results).toEqual(['a', 2]);
});

test('the first failure aborts the other tasks, and is thrown when all have ended', async () => {
  const events: string[] = [];
  const first = new Error('first');
  const run = allOrAbort(undefined, [
    async (signal) => {
      await once(signal, 'abort');
      await Promise.resolve();
      events.push('stopped');
      throw new Error('because of the other');
    },
    () => Promise.reject(first),
  ]);
  await expect(run).rejects.toBe(first);
  expect(events).toEqual(['stopped']);
});

test("the caller's signal reaches the tasks", async () => {
  const caller = new AbortController();
  const run = allOrAbort(caller.signal, [
    async (signal) => {
      await once(signal, 'abort');
      throw signal.reason;
    },
  ]);
  caller.abort();
  await expect(run).rejects.toBe(caller.signal.reason);
});
