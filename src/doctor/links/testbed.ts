// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import type { Wait } from '../../core/deadline.ts';
import { resolveConfig, type Appliance } from '../../config/index.ts';
import type { CreatedTestbed, LinkEnd, Testbed, TestbedFactory } from '../../testbed/index.ts';
import type { NicModel } from '../../qemu/index.ts';
import { resolveTopology } from '../../topology/index.ts';
import { writeBlankDisk } from './blank-disk.ts';
import type { FrameEnd } from './frame-end.ts';
import { NicFrames } from './nic-frames.ts';
import { NodeFrames } from './node-frames.ts';

/** Payload of the longest frame, in `bytes`. */
const mtu = 9000;

/** A topology with each kind of link: a NIC with a node, two nodes, a cable and a segment. */
const topology = resolveTopology({
  duts: { left: 'silent', right: 'silent' },
  nodes: {
    client: { interfaces: { eth0: { mtu }, eth1: { mtu }, eth2: { mtu } } },
    server: { interfaces: { eth0: { mtu }, eth1: { mtu } } },
  },
  links: [
    ['left:0', 'client'],
    ['client', 'server'],
    ['left:1', 'right:0'],
  ],
  segments: { lan: ['left:2', 'right:1', 'client', 'server'] },
});

/** Models of the NICs of both devices. */
export type Models = readonly [NicModel, NicModel];

/** Creates the testbed. Its devices have no operating system: their processors halt at once. */
export async function openTestbed(
  factory: TestbedFactory,
  models: Models,
  directory: string,
  signal: AbortSignal,
): Promise<CreatedTestbed> {
  const image = join(directory, 'blank.raw');
  await writeBlankDisk(image);
  const devices = [];
  for (const model of models) {
    const appliance = silentAppliance(image, model, directory);
    devices.push({ appliance, disk: await factory.inspectDisk(appliance, signal) });
  }
  return await factory.create({ devices, topology, directory: join(directory, 'testbed') }, signal);
}

function silentAppliance(image: string, nic: NicModel, directory: string): Appliance {
  const raw = { appliance: { name: 'silent', image, nic, memoryMiB: 32 } };
  return resolveConfig({ file: join(directory, 'alpy.yaml'), raw, directory }).config.devices[0].appliance;
}

/** Makes an end of a link send and keep frames. */
export async function attach({ apps }: Testbed, end: LinkEnd, wait: Wait): Promise<FrameEnd> {
  return end.kind === 'nic' ? NicFrames.attach(end.machine, end.spec.netdev, wait) : NodeFrames.attach(apps, end, wait);
}
