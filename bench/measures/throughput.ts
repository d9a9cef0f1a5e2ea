// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import { appliance, snapshotOf, testbedOf, type Context } from '../context.ts';
import { measureTcp } from '../../carrot/iperf.ts';
import { framesInPcap } from '../../src/doctor/links/encoding.ts';
import type { NicModel } from '../../src/qemu/index.ts';
import { BootError, type Testbed } from '../../src/testbed/index.ts';

/** The part of iperf3's JSON about UDP. */
interface UdpReport {
  readonly end: { readonly sum: { readonly packets: number; readonly lost_packets: number; readonly seconds: number } };
}

/** Duration of each kind of traffic, in `s`. */
const seconds = 3;

const models = ['virtio-net-pci', 'e1000', 'e1000e', 'vmxnet3', 'rtl8139'] as const;

/** Finds the NIC models for which the guest has a driver, and creates their snapshots. Reports the others to `leaveOut`. */
export async function knownModels(context: Context, leaveOut: (line: string) => void): Promise<readonly NicModel[]> {
  const known: NicModel[] = [];
  for (const nic of models) {
    try {
      await snapshotOf(context, 2, { ...appliance, nic });
      known.push(nic);
    } catch (error) {
      if (!(error instanceof BootError)) throw error;
      leaveOut(`throughput with ${nic}: the guest has no driver for it`);
    }
  }
  return known;
}

/** Sends TCP and small UDP packets through the device at full speed, captures both links, and checks that no frame is missing. */
export async function throughput(context: Context, nic: NicModel): Promise<void> {
  const { figures } = context;
  const device = { ...appliance, nic };
  const testbed = await testbedOf(context, 2, await snapshotOf(context, 2, device), device);
  const [left, right] = testbed.nodes;
  if (!left || !right) throw new Error('expected a topology of two links');
  await testbed.dut.boot();
  await left.configure({ address: '192.168.1.2/24', gateway: '192.168.1.1' });
  await right.configure({ address: '192.168.2.2/24', gateway: '192.168.2.1' });
  await testbed.dut.waitForClock();
  const { bitsPerSecond } = await measureTcp(testbed.apps, left, { node: right, address: '192.168.2.2' }, seconds);
  figures.add(`TCP through the device, ${nic}, captured`, 'Mbit/s', bitsPerSecond / 1e6);
  const server = await testbed.apps.start({ node: right, command: ['iperf3', '--server', '--one-off', '--forceflush'] });
  await server.waitForOutput(/Server listening/);
  const client = [
    'iperf3',
    '--client',
    '192.168.2.2',
    '--udp',
    '--bitrate',
    '0',
    '--length',
    '64',
    '--time',
    String(seconds),
    '--json',
  ];
  const { stdout } = await testbed.apps.run({ node: left, command: client });
  await server.wait({ timeoutMs: 20_000 });
  const { sum } = (JSON.parse(stdout) as UdpReport).end;
  figures.add(`UDP of 64 bytes through the device, ${nic}, captured`, 'frames/s', (sum.packets - sum.lost_packets) / sum.seconds);
  await testbed.dut.pause();
  const counted = await Promise.all([left, right].map((node) => node.counters()));
  const paths = testbed.links.map(({ capture }) => capture.path);
  await testbed.close();
  for (const [link, path] of paths.entries()) {
    const frames = framesInPcap(await readFile(path));
    const { sent, received } = framesOf(counted[link]);
    figures.add(`${nic}, link${link}: frames captured less frames sent and received`, 'frames', frames.length - sent - received);
    figures.add(`${nic}, link${link}: UDP packets captured out of order`, 'frames', overtaken(frames));
  }
}

function framesOf(counters: Awaited<ReturnType<Testbed['nodes'][number]['counters']>> | undefined): {
  sent: number;
  received: number;
} {
  return { sent: counters?.sentFrames ?? 0, received: counters?.receivedFrames ?? 0 };
}

/** How many of iperf3's UDP packets have a lower number than the packet before. */
function overtaken(frames: readonly Buffer[]): number {
  const packets = frames.filter(
    (frame) => frame.length === 14 + 20 + 8 + 64 && frame.readUInt16BE(12) === 0x0800 && frame[23] === 17,
  );
  const numbers = packets.map((packet) => packet.readUInt32BE(14 + 20 + 8 + 8)); // after seconds and microseconds
  return numbers.filter((number, index) => number < (numbers[index - 1] ?? 0)).length;
}
