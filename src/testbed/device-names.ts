// SPDX-License-Identifier: GPL-3.0-or-later
import { wiresOf, type DutSpec, type Topology } from '../topology/index.ts';
import type { Appliance } from './dut-parts.ts';

/** Names of the files of a device in the testbed's folder. */
export interface DeviceFiles {
  /** without its ending */
  readonly console: string;
  readonly screen: string;
  /** folder of the boot that makes its snapshot */
  readonly boot: string;
}

/** The name that a short topology gives its only DUT. */
const onlyDut = 'dut';

/** What messages call a device: its name in the topology, or that of its appliance if it is the only one of a short topology. Pure. */
export function deviceName({ duts }: Topology, { name }: DutSpec, appliance: Pick<Appliance, 'name'>): string {
  return duts.length === 1 && name === onlyDut ? appliance.name : name;
}

/** ` of left` after the name of a part or a step of one of several devices; empty for the only device. Pure. */
export function ofDevice({ duts }: Topology, { name }: DutSpec): string {
  return duts.length === 1 ? '' : ` of ${name}`;
}

/** The names of a device's files: those of several devices end with the device's name. Pure. */
export function deviceFiles({ duts }: Topology, { name }: DutSpec): DeviceFiles {
  const suffix = duts.length === 1 ? '' : `-${name.replaceAll(/[^\w.-]/g, '_')}`;
  return { console: `console${suffix}`, screen: `screen${suffix}.png`, boot: `boot${suffix}` };
}

/** The names of the files that the creation of a testbed makes in its folder: captures and console logs. Pure. */
export function createdFiles(topology: Topology): readonly string[] {
  const ofDuts = topology.duts.flatMap((dut) => {
    const { console } = deviceFiles(topology, dut);
    return [`${console}.log`, `${console}.txt`, ...dut.nics.flatMap(({ capture }) => capture?.file ?? [])];
  });
  return [...ofDuts, ...wiresOf(topology).flatMap(({ junction }) => junction?.capture.file ?? [])];
}
