// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { flap } from '../../../../src/testbed/faults/flap.ts';

test('a link flaps as often as asked, and is up at the end', async () => {
  const states: boolean[] = [];
  await flap((isUp) => Promise.resolve(void states.push(isUp)), { times: 3, downMs: 1, upMs: 1 });
  expect(states).toEqual([false, true, false, true, false, true]);
});

test('a link that is down when its flapping is stopped comes up again', async () => {
  const stop = new AbortController();
  const states: boolean[] = [];
  const setUp = (isUp: boolean): Promise<void> => {
    states.push(isUp);
    if (!isUp) stop.abort(new Error('enough'));
    return Promise.resolve();
  };
  await expect(flap(setUp, { times: 3, downMs: 60_000, upMs: 0, signal: stop.signal })).rejects.toThrow('enough');
  expect(states).toEqual([false, true]);
});
