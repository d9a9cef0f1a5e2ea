// SPDX-License-Identifier: GPL-3.0-or-later
import { median } from '../../src/core/median.ts';
import type { Node } from '../../src/network/index.ts';
import type { Link } from '../../src/testbed/index.ts';
import { snapshotOf, testbedOf, type Context } from '../context.ts';

/** Names of the figures. */
export const linkFaults = { delay: 'delay of 20 ms at 100 frames/s', loss: 'loss of 10 % over 10,000 frames' } as const;

const device = '192.168.1.1';

/** Measures how exact the delay and the loss of an impaired link are. */
export async function faultAccuracy(context: Context): Promise<void> {
  await using testbed = await testbedOf(context, 2, await snapshotOf(context, 2));
  const [link] = testbed.links;
  const [node] = testbed.nodes;
  if (!link || !node) throw new Error('expected a topology of two links');
  await testbed.dut.boot();
  await node.configure({ address: '192.168.1.2/24' });
  await testbed.dut.waitForClock();
  const plainMs = await roundTripMs(node);
  {
    await using _fault = await link.impair({ delayMs: 20, direction: 'node0->dut' });
    context.figures.add(linkFaults.delay, 'ms', (await roundTripMs(node)) - plainMs);
  }
  context.figures.add(linkFaults.loss, '%', await lossPercent(link, node));
}

/** Median of the round-trip times at 100 echo requests a second, in `ms`. */
async function roundTripMs(node: Node): Promise<number> {
  const { stdout } = await node.run(`ping -n -i 0.01 -c 200 ${device}`);
  const value = median([...stdout.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time)));
  if (Number.isNaN(value)) throw new Error(`expected answers to ping, got ${stdout}`);
  return value;
}

async function lossPercent(link: Link, node: Node): Promise<number> {
  await using fault = await link.impair({ lossPercent: 10, direction: 'node0->dut' });
  // in bursts, because QEMU's tap has no room for many; a write fails when the guest has refused an earlier datagram
  const loop = 'for ((i = 0; i < 10000; i++)); do until printf $i >&3; do :; done; ((i % 100)) || read -t 0.01 -u 4; done';
  await node.run(['bash', '-c', `exec 4<> <(:) 3>/dev/udp/${device}/9; ${loop} 2>/dev/null`]);
  await fault.end();
  const { lost = 0, received = 0 } = (await fault.counts())['node0->dut'] ?? {};
  return (lost / received) * 100;
}
