// SPDX-License-Identifier: GPL-3.0-or-later
import { allEnded } from '../../src/core/all-ended.ts';
import { availableMemoryMiB } from '../../src/core/memory.ts';
import { limit } from '../../src/core/limit.ts';
import type { Testbed } from '../../src/testbed/index.ts';
import { appliance, snapshotOf, testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';
import { pingOnce } from './start-to-ping.ts';

/** Number of testbeds of 256 MiB with 2 links that are held at once. */
export const heldSize = 50;
/** How many start at the same time: more would only make each of them slower. */
const startsAtOnce = 2;

/** Names of the figures. */
export const held = {
  answered: `${heldSize} testbeds held at once: answered`,
  left: `${heldSize} testbeds held at once: left over`,
  memory: `${heldSize} testbeds held at once: memory of all`,
  memoryLeft: `${heldSize} testbeds held at once: memory not available again afterwards`,
  up: `${heldSize} testbeds held at once, a few at a time, up`,
  answers: `${heldSize} testbeds held at once: each answers one ping`,
  down: `${heldSize} testbeds held at once, down`,
} as const;

/**
 * Starts testbeds until there are many. Then each must answer a ping, and none may leave a container behind. Also measures the machine's
 * available memory before, meanwhile and afterwards.
 * @throws Error if this machine has too little memory
 */
export async function holdMany(context: Context): Promise<void> {
  const { figures, testHost, say } = context;
  const neededMiB = heldSize * appliance.memoryMiB;
  const snapshot = await snapshotOf(context, 2);
  const beforeMiB = (await availableMemoryMiB()) ?? Number.NaN;
  if (beforeMiB < neededMiB) throw new Error(`expected ${neededMiB} MiB of available memory, got ${beforeMiB} MiB`);
  const inTurn = limit(startsAtOnce);
  const ofAll = async <T, U>(items: readonly T[], body: (item: T) => Promise<U>): Promise<readonly U[]> => {
    const outcomes = await Promise.allSettled(items.map((item) => inTurn(() => body(item))));
    for (const outcome of outcomes) if (outcome.status === 'rejected') say(String(outcome.reason));
    return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  };
  const up = await timed(() =>
    ofAll(Array.from({ length: heldSize }), async (): Promise<Testbed> => {
      const made = await testbedOf(context, 2, snapshot);
      try {
        await made.dut.boot();
        return made;
      } catch (error) {
        await made.close();
        throw error;
      }
    }),
  );
  const answers = await timed(() => ofAll(up.result, pingOnce));
  const meanwhileMiB = (await availableMemoryMiB()) ?? Number.NaN;
  const down = await timed(() => allEnded(up.result.map((testbed) => testbed.close())));
  figures.add(held.answered, 'testbeds', answers.result.length);
  figures.add(held.left, 'containers', (await testHost.containers()).length);
  figures.add(held.memory, 'MiB', beforeMiB - meanwhileMiB);
  figures.add(held.memoryLeft, 'MiB', beforeMiB - ((await availableMemoryMiB()) ?? Number.NaN));
  figures.add(held.up, 'ms', up.ms);
  figures.add(held.answers, 'ms', answers.ms);
  figures.add(held.down, 'ms', down.ms);
}
