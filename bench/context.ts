// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../src/snapshot/index.ts';
import type { Appliance, Testbed, TestbedFactory } from '../src/testbed/index.ts';
import type { DiskImage } from '../src/qemu/index.ts';
import { resolveTopology } from '../src/topology/index.ts';
import { TestHost, rabbit } from '../test/support/testbeds.ts';
import type { Figures } from './figure.ts';

/** Rabbit with the address that the measurements ping. */
export const appliance: Appliance = rabbit({
  provision: [
    'ip address replace 192.168.1.1/24 dev eth0 && ip link set eth0 up',
    'ip address replace 192.168.2.1/24 dev eth1 && ip link set eth1 up',
    'sysctl -q -w net.ipv4.ip_forward=1',
  ],
});

/** What all measurements share. */
export interface Context {
  readonly testHost: TestHost;
  readonly disk: DiskImage;
  readonly factory: TestbedFactory;
  /** folder for the factory's snapshots */
  readonly snapshotDirectory: string;
  readonly figures: Figures;
  /** folder for what they write, removed at the end */
  readonly directory: string;
  /** says how it goes */
  readonly say: (line: string) => void;
}

/** Opens it; closing removes all that was written. */
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

/** The snapshot of {@link appliance}, or of one that differs. */
export async function snapshotOf({ disk, factory, directory }: Context, links: number, what = appliance): Promise<Snapshot> {
  const logs = await mkdtemp(join(directory, 'boot-'));
  return factory.provideSnapshot({ appliance: what, topology: resolveTopology({ links }), disk }, logs);
}

/** A testbed, restored when there is something to restore from; with a lifeline of its own. */
export async function testbedOf(
  { disk, factory, directory }: Context,
  links: number,
  from?: Snapshot,
  what = appliance,
): Promise<Testbed> {
  const files = await mkdtemp(join(directory, 'testbed-'));
  return factory.create({ appliance: what, topology: resolveTopology({ links }), disk, directory: files, start: from ?? 'cold' });
}
