// SPDX-License-Identifier: GPL-3.0-or-later
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlapOptions } from './impair-options.ts';

/** Takes a carrier away and gives it back, several times. It is back at the end, whatever happens. @throws the reason of the signal */
export async function flap(setUp: (isUp: boolean) => Promise<void>, options: FlapOptions): Promise<void> {
  const { times, downMs, upMs, signal } = options;
  const pause = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, { signal }).catch(() => undefined); // it was ended early: the next line says why
    signal?.throwIfAborted();
  };
  for (let round = 0; round < times; round += 1) {
    if (round > 0) await pause(upMs);
    signal?.throwIfAborted();
    try {
      await setUp(false);
      await pause(downMs);
    } finally {
      await setUp(true);
    }
  }
}
