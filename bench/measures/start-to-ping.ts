// SPDX-License-Identifier: GPL-3.0-or-later
import { LifelinePool } from '../../src/testbed/index.ts';
import { appliance, snapshotOf, testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';

/**
 * From the start of the fixture, which looks the snapshot up, to the first answered ping, 2 links; then down. In a process that
 * has made no testbed before, and in one whose lifeline is there from a testbed before.
 */
export async function startToPing(context: Context): Promise<void> {
  await once(context, 'restored');
  await using lifelines = new LifelinePool(context.directory);
  await (await testbedOf(context, 2, await snapshotOf(context, 2), appliance, lifelines)).close();
  await once(context, 'restored, not the first of its process', lifelines);
}

async function once(context: Context, kind: string, lifelines?: LifelinePool): Promise<void> {
  const { ms, result: testbed } = await timed(async () => {
    const made = await testbedOf(context, 2, await snapshotOf(context, 2), appliance, lifelines);
    await made.dut.boot();
    await pingOnce(made);
    return made;
  });
  context.figures.add(`start to first answered ping, ${kind}`, 'ms', ms);
  const { ms: downMs } = await timed(() => testbed.close());
  context.figures.add(`testbed down, ${kind}`, 'ms', downMs);
}

/** The same with a guest that boots and logs in. */
export async function bootToPing(context: Context): Promise<void> {
  const { ms, result: testbed } = await timed(async () => {
    const made = await testbedOf(context, 2);
    await made.dut.boot();
    await pingOnce(made);
    return made;
  });
  context.figures.add('start to first answered ping, booted', 'ms', ms);
  await testbed.close();
}

/** @throws Error when there is no answer */
export async function pingOnce({ nodes: [node] }: Awaited<ReturnType<typeof testbedOf>>): Promise<void> {
  await node?.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  const report = await node?.ping('192.168.1.1');
  if (!report || report.received === 0) throw new Error('the device did not answer');
}
