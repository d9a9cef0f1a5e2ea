// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { connect } from 'node:net';
import { raceWithSignal } from '../../core/deadline.ts';
import { EnvironmentError } from '../../core/errors.ts';
import { readLines } from '../../core/lines.ts';
import { log, step } from '../../core/step.ts';
import type { Demand } from './scheduler.ts';
import type { Answer } from './server.ts';

/** A granted demand. It is released when disposed of, or when the process ends. */
export type Lease = Disposable;

/** A shorter wait is not logged, in `ms`. */
const shortMs = 100;

/**
 * Waits until the run's scheduler grants a demand.
 * @param path - socket of the scheduler
 * @throws EnvironmentError when the machine can never meet the demand, or the run has ended
 * @throws the signal's reason
 */
export async function acquire(path: string, demand: Demand, signal?: AbortSignal): Promise<Lease> {
  const what = demand.kind === 'boot' ? 'its turn to boot' : demand.exclusive ? 'the machine for itself' : 'room for the testbed';
  return step('alpy.runner', `Wait for ${what}`, async () => {
    const startMs = performance.now();
    const socket = connect(path);
    try {
      let lost: Error | undefined;
      socket.on('error', (error) => {
        lost = error; // 'close' follows
      });
      const closed = once(socket, 'close').catch(() => undefined);
      const asked = once(readLines(socket), 'line').catch(() => undefined) as Promise<[string] | undefined>;
      socket.write(`${JSON.stringify(demand)}\n`);
      const first = Promise.race([asked, closed.then(() => undefined)]);
      const [line] = (await raceWithSignal(first, signal)) ?? [];
      if (line === undefined)
        throw new EnvironmentError(`the run's scheduler ended while a test waited for ${what}`, { cause: lost });
      const answer = JSON.parse(line) as Answer;
      if ('refused' in answer)
        throw new EnvironmentError(
          `${answer.refused}. Lower appliance.memoryMiB or what the test needs, raise testbedsMiB if it is set, or use a larger machine`,
        );
      const waitedMs = performance.now() - startMs;
      if (waitedMs > shortMs) log('alpy.runner', `waited ${(waitedMs / 1000).toFixed(1)} s for ${what}`);
      return { [Symbol.dispose]: () => socket.destroy() };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  });
}
