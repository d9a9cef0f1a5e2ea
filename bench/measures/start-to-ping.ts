// SPDX-License-Identifier: GPL-3.0-or-later
import { snapshotOf, testbedOf, type Context } from '../context.ts';
import { timed } from '../figure.ts';

/** From the start of the fixture, which looks the snapshot up, to the first answered ping, 2 links; then down. */
export async function startToPing(context: Context): Promise<void> {
  const { ms, result: testbed } = await timed(async () => {
    const made = await testbedOf(context, 2, await snapshotOf(context, 2));
    await made.dut.boot();
    await pingOnce(made);
    return made;
  });
  context.figures.add('start to first answered ping, restored', 'ms', ms);
  const { ms: downMs } = await timed(() => testbed.close());
  context.figures.add('restored testbed, down', 'ms', downMs);
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
