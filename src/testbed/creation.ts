// SPDX-License-Identifier: GPL-3.0-or-later
import type { Decoder } from '../capture/index.ts';
import type { Engine } from '../docker/index.ts';
import type { GuestClock, HypervisorSpec, InspectedDisks, SnapshotUse } from '../qemu/index.ts';
import type { Snapshot } from '../snapshot/index.ts';
import type { NodeLink, Topology } from '../topology/index.ts';
import type { Appliance } from './dut-parts.ts';
import type { HostFacts } from './host.ts';
import type { LifelinePool } from './lifelines.ts';
import { machineSpec } from './machine-spec.ts';
import { seedImage } from './seed.ts';
import type { Started } from './teardown.ts';

/** The testbed to create. */
export interface TestbedSpec {
  readonly appliance: Appliance;
  readonly topology: Topology;
  /** from {@link inspectApplianceDisks} */
  readonly disk: InspectedDisks;
  /** absolute path of a folder for captures and console logs; created if it does not exist */
  readonly directory: string;
  /** the snapshot to start from, or the folder in which to save one; absent for a guest that boots */
  readonly snapshot?: { readonly use: 'restore'; readonly from: Snapshot } | { readonly use: 'make'; readonly directory: string };
  /** lifelines to use if the testbed's files can be reached through them; absent for a new lifeline */
  readonly lifelines?: LifelinePool | undefined;
  /** decodes captures below its folder, which contains that of the testbed; absent for tshark in QEMU's container */
  readonly decoder?: Decoder | undefined;
}

/** What the phases of a creation work with. */
export interface CreationContext {
  readonly engine: Engine;
  readonly facts: HostFacts;
  readonly spec: TestbedSpec;
  readonly links: readonly NodeLink[];
  readonly machine: HypervisorSpec;
  readonly clock: GuestClock;
  readonly started: Started;
}

/** The snapshot that a testbed starts from, if any. */
export function restoredFrom({ snapshot }: TestbedSpec): Snapshot | undefined {
  return snapshot?.use === 'restore' ? snapshot.from : undefined;
}

/** QEMU as a testbed needs it. The guest's clock starts now. @throws ConfigError if the seed for cloud-init cannot be made */
export async function hypervisorSpec(spec: TestbedSpec, facts: HostFacts): Promise<HypervisorSpec> {
  const { appliance, topology, disk, snapshot } = spec;
  const seed = await seedImage(appliance);
  const machine = machineSpec(appliance, topology.duts[0], disk, facts.accel, new Date());
  return { machine, disk, seed, snapshot: snapshot && snapshotUse(snapshot) };
}

function snapshotUse(snapshot: NonNullable<TestbedSpec['snapshot']>): SnapshotUse {
  return { use: snapshot.use, directory: snapshot.use === 'make' ? snapshot.directory : snapshot.from.directory };
}
