// SPDX-License-Identifier: GPL-3.0-or-later
import { allEnded } from '../../src/core/all-ended.ts';
import { availableMemoryMiB } from '../../src/core/memory.ts';
import { snapshotOf, testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';
import { pingOnce } from './start-to-ping.ts';

/** Number of testbeds of 256 MiB in parallel. */
export const crowdSize = 12;

/** Starts many testbeds in parallel: all must answer a ping, and none may leave a container behind. Also measures their memory. */
export async function crowd(context: Context): Promise<void> {
  const snapshot = await snapshotOf(context, 2);
  const before = (await availableMemoryMiB()) ?? Number.NaN;
  const up = await timed(() =>
    Promise.allSettled(
      Array.from({ length: crowdSize }, async () => {
        const made = await testbedOf(context, 2, snapshot);
        try {
          await made.dut.boot();
          await pingOnce(made);
          return made;
        } catch (error) {
          await made.close();
          throw error;
        }
      }),
    ),
  );
  for (const outcome of up.result) if (outcome.status === 'rejected') context.say(String(outcome.reason));
  const testbeds = up.result.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const closeAll = (): Promise<void> => allEnded(testbeds.map((testbed) => testbed.close()));
  try {
    await allEnded(testbeds.map(({ dut }) => dut.waitForClock()));
  } catch (error) {
    await closeAll();
    throw error;
  }
  const taken = before - ((await availableMemoryMiB()) ?? Number.NaN);
  const { ms } = await timed(closeAll);
  const { figures, testHost } = context;
  figures.add(`${crowdSize} testbeds at once: answered`, 'testbeds', testbeds.length);
  figures.add(`${crowdSize} testbeds at once: left over`, 'containers', (await testHost.containers()).length);
  figures.add(`${crowdSize} testbeds at once, up to the last answer`, 'ms', up.ms);
  figures.add(`${crowdSize} testbeds at once, down`, 'ms', ms);
  if (testbeds.length > 0) figures.add('memory of an idle testbed of 256 MiB', 'MiB', taken / testbeds.length);
}
