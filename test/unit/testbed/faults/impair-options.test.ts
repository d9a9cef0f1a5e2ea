// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { UsageError } from '../../../../src/core/errors.ts';
import { assertPossible, check, impairmentText, queuesOf } from '../../../../src/testbed/faults/impair-options.ts';

test('the report says what an impairment does, and the seed that repeats it', () => {
  const given = { delayMs: 20, lossPercent: 1 };
  expect(impairmentText(given, ['a->b', 'b->a'], 5)).toBe('delayMs 20, lossPercent 1, both directions, seed 5');
  expect(impairmentText(given, ['a->b'], 5)).toBe('delayMs 20, lossPercent 1, a->b, seed 5');
  const times = { ...given, afterMs: 500, durationMs: 2000 };
  expect(impairmentText(times, ['a->b'], 5)).toBe('delayMs 20, lossPercent 1, after 500 ms, for 2000 ms, a->b, seed 5');
  expect(queuesOf([{ name: 'a->b', queue: 'rx' }], given, 5)).toEqual([{ queue: 'rx', settings: given, seed: 5 }]);
});

/** The message of the error for impossible options. */
function problemWith(given: object): string {
  try {
    check.impair([given]);
    assertPossible(given);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
  }
  throw new Error('expected a UsageError');
}

test.each([
  [
    {},
    'link.impair: expected at least one of delayMs, jitterMs, lossPercent, duplicatePercent, corruptPercent, reorderPercent, rateMbps to be above 0, got none',
  ],
  [{ lossPercent: 101 }, 'link.impair: expected lossPercent to be a percentage from 0 to 100, got 101'],
  [{ delayMs: -1 }, /^link.impair: expected delayMs to be a number of milliseconds from 0 to \d+, got -1$/],
  [{ rateMbps: 0 }, 'link.impair: expected rateMbps to be a number of Mbit/s from 0.001 to 100000, got 0'],
  [{ delayMs: 1, afterMs: -1 }, /^link.impair: expected afterMs to be a number of milliseconds from 0 to \d+, got -1$/],
  [{ delayMs: 1, durationMs: NaN }, /^link.impair: expected durationMs to be a number of milliseconds from 0 to \d+, got NaN$/],
  [{ delay: 5 }, /delay/],
  [{ delayMs: 1, seed: -1 }, 'link.impair: expected seed to be a whole number from 0 to 4294967295, got -1'],
  [
    { delayMs: 1, jitterMs: 2 },
    'link.impair: expected jitterMs to be at most delayMs, because no frame arrives before it is sent, got jitterMs 2 and delayMs 1',
  ],
  [
    { reorderPercent: 5 },
    'link.impair: expected a delayMs above 0 beside reorderPercent, because frames that are not delayed overtake delayed ones, got none. Add delayMs',
  ],
])('impossible options are refused: %j', (given, message) => {
  expect(problemWith(given)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});
