// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { UsageError } from '../../../../src/core/errors.ts';
import { assertPossible, check, directionsOf, impairmentText, queuesOf } from '../../../../src/testbed/faults/impair-options.ts';

const ends = ['left:1', 'right:0'] as const;

test('a direction is named by the end from which frames come; the NIC at the first end has both queues', () => {
  const [there, back] = [
    { name: 'left:1->right:0', queue: 'rx' },
    { name: 'right:0->left:1', queue: 'tx' },
  ];
  expect(directionsOf(ends, {})).toEqual([there, back]);
  expect(directionsOf(ends, { direction: 'both' })).toEqual([there, back]);
  expect(directionsOf(ends, { direction: 'left:1->right:0' })).toEqual([there]);
  expect(directionsOf(ends, { direction: 'right:0->left:1' })).toEqual([back]);
});

test('the report says what an impairment does, and the seed that repeats it', () => {
  const given = { delayMs: 20, lossPercent: 1 };
  expect(impairmentText(given, directionsOf(ends, given), 5)).toBe('delayMs 20, lossPercent 1, both directions, seed 5');
  const directions = directionsOf(ends, { direction: 'left:1->right:0' });
  expect(impairmentText(given, directions, 5)).toBe('delayMs 20, lossPercent 1, left:1->right:0, seed 5');
  expect(queuesOf(directions, given, 5)).toEqual([{ queue: 'rx', settings: given, seed: 5 }]);
});

/** What `link.impair` says about its  */
function problemWith(given: object): string {
  try {
    check.impair([given]);
    directionsOf(ends, given);
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
  [{ delay: 5 }, /delay/],
  [{ delayMs: 1, seed: -1 }, 'link.impair: expected seed to be a whole number from 0 to 4294967295, got -1'],
  [
    { delayMs: 1, direction: 'left->right' },
    'link.impair: expected direction to be "both", "left:1->right:0" or "right:0->left:1", got "left->right"',
  ],
  [
    { delayMs: 1, jitterMs: 2 },
    'link.impair: expected jitterMs to be at most delayMs, because no frame arrives before it is sent, got 2 and 1',
  ],
  [
    { reorderPercent: 5 },
    'link.impair: expected a delayMs beside reorderPercent: frames that are not delayed overtake delayed ones',
  ],
])('options that cannot be are refused: %j', (given, message) => {
  expect(problemWith(given)).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});
