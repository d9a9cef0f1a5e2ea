// SPDX-License-Identifier: GPL-3.0-or-later
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { allEnded } from '../../../src/core/all-ended.ts';

test('all have ended when the error of one is thrown', async () => {
  let hasEnded = false;
  const slow = nextTurn().then(() => {
    hasEnded = true;
  });
  const failure = new Error('no');
  await expect(allEnded([Promise.reject(failure), slow])).rejects.toBe(failure);
  expect(hasEnded).toBe(true);
});

test('the errors of several are thrown together', async () => {
  const errors = [new Error('left'), new Error('right')];
  const all = allEnded(errors.map((error) => Promise.reject(error)));
  await expect(all).rejects.toMatchObject({ name: 'AggregateError', message: 'left\nright', errors });
});
