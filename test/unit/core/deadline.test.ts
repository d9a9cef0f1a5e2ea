// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { signalAt } from '../../../src/core/deadline.ts';

test.each([30, 60, 1e6])('a deadline in %i days, which no timer can wait for, does not pass at once', async (days) => {
  const signal = signalAt(Date.now() + days * 24 * 3_600_000);
  await sleep(50); // a timer that cannot wait for so long fires after 1 ms
  expect(signal.aborted).toBe(false);
});

test('a deadline that has passed fires', async () => {
  const signal = signalAt(Date.now() - 1);
  if (!signal.aborted) await once(signal, 'abort');
  expect(signal.aborted).toBe(true);
});
