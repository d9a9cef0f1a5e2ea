// SPDX-License-Identifier: GPL-3.0-or-later
import type { Accel, InspectedDisks, MachineSpec, NicModel } from '../qemu/index.ts';
import type { DutSpec } from '../topology/index.ts';
import type { Appliance } from './dut-parts.ts';

/** The machine of a DUT. Pure. */
export function machineSpec(
  appliance: Appliance,
  { nics }: DutSpec,
  { drives }: InspectedDisks,
  accel: Accel,
  clockStart: Date,
): MachineSpec {
  return {
    ...appliance,
    accel,
    drives: drives.map(({ spec }) => spec),
    nics: nics.map((nic, index) => ({ ...nic, model: nicModel(appliance, index), rom: appliance.nics?.[index]?.rom })),
    clockStart,
    extra: appliance.qemuArgs,
  };
}

/** The model of one of the NICs. Pure. */
export function nicModel({ nic, nics }: Pick<Appliance, 'nic' | 'nics'>, index: number): NicModel {
  return nics?.[index]?.model ?? nic;
}

/** The machine without the names of what it is connected to, which the guest does not see: so topologies share snapshots. Pure. */
export function asGuestSees(machine: MachineSpec): MachineSpec {
  const nics = machine.nics.map((nic, index) => ({
    ...nic,
    tap: `tap${index}`,
    capture: { id: `capture${index}`, file: `link${index}.pcap` },
  }));
  return { ...machine, nics };
}
