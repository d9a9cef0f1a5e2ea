// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../src/snapshot/index.ts';
import type { Appliance, Testbed, TestbedFactory } from '../src/testbed/index.ts';
import type { InspectedDisks } from '../src/qemu/index.ts';
import { resolveTopology } from '../src/topology/index.ts';
import { TestHost, rabbit } from '../test/support/testbeds.ts';
import type { Figures } from './figure.ts';

/** Rabbit with the addresses that the measurements use. */
export const appliance: Appliance = rabbit({
  provision: [
    'ip address replace 192.168.1.1/24 dev eth0 && ip link set eth0 up',
    'ip address replace 192.168.2.1/24 dev eth1 && ip link set eth1 up',
    'sysctl -q -w net.ipv4.ip_forward=1',
  ],
});

/** Shared by all measurements. */
export interface Context {
  readonly testHost: TestHost;
  readonly disk: InspectedDisks;
  readonly factory: TestbedFactory;
  /** folder for the factory's snapshots */
  readonly snapshotDirectory: string;
  readonly figures: Figures;
  /** folder for their files, removed at the end */
  readonly directory: string;
  /** prints a line about the progress */
  readonly say: (line: string) => void;
}

/** Opens the context. Closing it removes all files that were written. */
export async function openContext(
  figures: Figures,
  say: (line: string) => void,
): Promise<{ readonly context: Context; readonly close: () => Promise<void> }> {
  const testHost = await TestHost.open();
  const directory = await mkdtemp(join(tmpdir(), 'alpy-measure-'));
  const snapshotDirectory = join(directory, 'snapshots');
  const factory = testHost.factory({ snapshots: { directory: snapshotDirectory, maxBytes: 16 * 1024 ** 3 } });
  const disk = await factory.inspectDisk(appliance);
  const close = async (): Promise<void> => {
    await testHost[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };
  return { context: { testHost, disk, factory, snapshotDirectory, figures, directory, say }, close };
}

/** Finds or creates the snapshot of a device. */
export async function snapshotOf({ disk, factory, directory }: Context, links: number, device = appliance): Promise<Snapshot> {
  const logs = await mkdtemp(join(directory, 'boot-'));
  return factory.provideSnapshot({ appliance: device, topology: resolveTopology({ links }, device), disk }, logs);
}

/** Creates a testbed with its own lifeline, restored if a snapshot is given. */
export async function testbedOf(
  { disk, factory, directory }: Context,
  links: number,
  from?: Snapshot,
  device = appliance,
): Promise<Testbed> {
  const files = await mkdtemp(join(directory, 'testbed-'));
  return factory.create({
    devices: [{ appliance: device, disk }],
    topology: resolveTopology({ links }, device),
    directory: files,
    start: from ?? 'cold',
  });
}
