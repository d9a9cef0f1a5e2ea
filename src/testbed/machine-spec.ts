// SPDX-License-Identifier: GPL-3.0-or-later
import type { Accel, MachineSpec } from '../qemu/index.ts';
import type { DutSpec } from '../topology/index.ts';
import type { Appliance } from './dut-parts.ts';

/** The machine of a DUT. Pure. */
export function machineSpec(appliance: Appliance, { nics }: DutSpec, accel: Accel, clockStart: Date): MachineSpec {
  return {
    ...appliance,
    accel,
    nics: nics.map((nic) => ({ ...nic, model: appliance.nic })),
    clockStart,
    extra: appliance.qemuArgs,
  };
}
