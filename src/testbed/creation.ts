// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';
import type { Decoder } from '../capture/index.ts';
import type { Engine } from '../docker/index.ts';
import { GuestClock, type HypervisorSpec, type InspectedDisks, type SnapshotUse } from '../qemu/index.ts';
import type { Snapshot } from '../snapshot/index.ts';
import type { DutSpec, Topology, Wire } from '../topology/index.ts';
import { deviceFiles, deviceName, ofDevice, type DeviceFiles } from './device-names.ts';
import type { Appliance } from './dut-parts.ts';
import { factsFor, type HostFacts } from './host.ts';
import type { LifelinePool } from './lifelines.ts';
import { machineSpec } from './machine-spec.ts';
import { seedImage } from './seed.ts';
import type { Started } from './teardown.ts';

/** A device of a testbed. */
export interface DeviceSpec {
  readonly appliance: Appliance;
  /** from {@link inspectApplianceDisks} */
  readonly disk: InspectedDisks;
  /** the snapshot to start from, or the folder in which to save one; absent for a guest that boots */
  readonly snapshot?: { readonly use: 'restore'; readonly from: Snapshot } | { readonly use: 'make'; readonly directory: string };
}

/** The testbed to create. */
export interface TestbedSpec {
  /** one for each DUT of the topology, in order */
  readonly devices: readonly DeviceSpec[];
  readonly topology: Topology;
  /** absolute path of a folder for captures and console logs; created if it does not exist */
  readonly directory: string;
  /** lifelines to use if the testbed's files can be reached through them; absent for a new lifeline */
  readonly lifelines?: LifelinePool | undefined;
  /** decodes captures below its folder, which contains that of the testbed; absent for tshark in QEMU's container */
  readonly decoder?: Decoder | undefined;
}

/** What the phases of a creation know of a device. */
export interface Device extends DeviceSpec {
  /** its place among the devices */
  readonly index: number;
  readonly dut: DutSpec;
  /** for messages and steps */
  readonly name: string;
  /** ` of left`, for its parts and steps; empty for the only device */
  readonly ofDevice: string;
  readonly files: DeviceFiles;
  /** the machine's facts for its appliance */
  readonly facts: HostFacts;
  readonly machine: HypervisorSpec;
  readonly clock: GuestClock;
}

/** What the phases of a creation work with. */
export interface CreationContext {
  readonly engine: Engine;
  readonly facts: HostFacts;
  readonly spec: TestbedSpec;
  readonly devices: readonly Device[];
  readonly wires: readonly Wire[];
  readonly started: Started;
}

/** The snapshot that a device starts from, if any. */
export function restoredFrom({ snapshot }: DeviceSpec): Snapshot | undefined {
  return snapshot?.use === 'restore' ? snapshot.from : undefined;
}

/** The devices of a testbed. Their clocks start now. @throws ConfigError if the seed for cloud-init cannot be made */
export async function devicesOf({ devices, topology }: TestbedSpec, facts: HostFacts): Promise<readonly Device[]> {
  const { duts } = topology;
  return await Promise.all(
    duts.map(async (dut, index) => {
      const spec = devices[index];
      if (!spec || devices.length !== duts.length)
        throw new BugError(`expected ${duts.length} devices for the topology, got ${devices.length}`);
      const own = factsFor(spec.appliance, facts);
      const machine = await hypervisorSpec(spec, dut, own);
      const clock = new GuestClock(restoredFrom(spec)?.record.virtualMs);
      const name = deviceName(topology, dut, spec.appliance);
      return {
        ...spec,
        index,
        dut,
        name,
        ofDevice: ofDevice(topology, dut),
        files: deviceFiles(topology, dut),
        facts: own,
        machine,
        clock,
      };
    }),
  );
}

async function hypervisorSpec(spec: DeviceSpec, dut: DutSpec, facts: HostFacts): Promise<HypervisorSpec> {
  const { appliance, disk, snapshot } = spec;
  const seed = await seedImage(appliance);
  const machine = machineSpec(appliance, dut, disk, facts.accel, new Date());
  return { machine, disk, seed, snapshot: snapshot && snapshotUse(snapshot) };
}

function snapshotUse(snapshot: NonNullable<DeviceSpec['snapshot']>): SnapshotUse {
  return { use: snapshot.use, directory: snapshot.use === 'make' ? snapshot.directory : snapshot.from.directory };
}
