// SPDX-License-Identifier: GPL-3.0-or-later
import { imageNamed } from '../images/resolved-image.ts';
import type { QemuContainerSpec } from '../qemu/qemu-container.ts';
import { imageNameOf } from '../qemu/machine-type.ts';
import { qemuContainerSpec, type MachineNeeds, type SharedFiles } from '../qemu/qemu-files.ts';
import type { HostFacts } from './host.ts';

/** What a lifeline needs to know of the machine. */
export type LifelineFacts = Pick<HostFacts, 'images' | 'access' | 'accel'>;

/** A machine that is to run in a container of its own. */
export interface PlannedMachine {
  /** of its container; absent for the only one */
  readonly name?: string | undefined;
  readonly machine: MachineNeeds;
  readonly files: SharedFiles;
}

/** The container of a junction, which needs no file but the captures. */
const junctionNeeds = { name: 'qemu@links', files: { images: [] }, needs: { machine: 'q35', memoryMiB: 64, extra: [] } } as const;

/** A container of QEMU, without the exchange folder. */
export interface QemuPlan {
  /** files of this machine that QEMU sees */
  readonly files: SharedFiles;
  readonly spec: QemuContainerSpec;
}

/** A lifeline and the containers of QEMU, as a value. */
export interface LifelinePlan {
  /** image of the lifeline */
  readonly image: string;
  /** one for each device, in order, then that of the junction, if there is one */
  readonly machines: readonly QemuPlan[];
  /** absolute path of the folder in which to create the exchange folders; absent if files are copied */
  readonly directory: string | undefined;
  /** whether the exchange folders are mounted */
  readonly isMounted: boolean;
  /** equal for two plans exactly if the containers of one can serve the other */
  readonly key: string;
}

/**
 * Plans the containers in which QEMU sees these files. Pure.
 * @param directory - absolute path of a folder in the file system of the captures
 * @param hasJunction - whether there are links between nodes
 */
export function planLifeline(
  facts: LifelineFacts,
  machines: readonly PlannedMachine[],
  directory: string,
  hasJunction: boolean,
): LifelinePlan {
  const { images, access } = facts;
  const plan = {
    image: imageNamed(images, 'qemu').reference,
    machines: [...machines.map((machine) => planMachine(facts, machine)), ...(hasJunction ? [planJunction(facts)] : [])],
    directory: access.kind === 'copy' ? undefined : directory,
    isMounted: access.kind === 'bind',
  };
  return { ...plan, key: JSON.stringify(plan) };
}

function planJunction({ images, access }: LifelineFacts): QemuPlan {
  const { name, files, needs } = junctionNeeds;
  const spec = qemuContainerSpec(imageNamed(images, 'qemu').reference, access, files, 'tcg', needs);
  return { files, spec: { ...spec, name } };
}

function planMachine({ images, access, accel }: LifelineFacts, { name, machine, files }: PlannedMachine): QemuPlan {
  const image = imageNamed(images, imageNameOf(machine.machine)).reference;
  const spec = qemuContainerSpec(image, access, files, accel, machine);
  return { files, spec: name === undefined ? spec : { ...spec, name: `qemu-${name}` } };
}
