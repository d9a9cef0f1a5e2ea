// SPDX-License-Identifier: GPL-3.0-or-later
import type { Accel, MachineSpec } from '../qemu/index.ts';
import type { Appliance } from './dut-parts.ts';
import { nicMac } from './link.ts';

/** The machine of an appliance with so many links. Pure. */
export function machineSpec(appliance: Appliance, links: number, accel: Accel, clockStart: Date): MachineSpec {
  return {
    ...appliance,
    accel,
    nics: Array.from({ length: links }, (_, index) => ({ model: appliance.nic, mac: nicMac(index) })),
    clockStart,
    extra: appliance.qemuArgs,
  };
}
