// SPDX-License-Identifier: GPL-3.0-or-later
import { imageNamed } from '../images/resolved-image.ts';
import type { QemuContainerSpec } from '../qemu/qemu-container.ts';
import { imageNameOf } from '../qemu/machine-type.ts';
import { qemuContainerSpec, type MachineNeeds, type SharedFiles } from '../qemu/qemu-files.ts';
import type { HostFacts } from './host.ts';

/** What a lifeline needs to know of the machine. */
export type LifelineFacts = Pick<HostFacts, 'images' | 'access' | 'accel'>;

/** A lifeline and QEMU's container, as a value. */
export interface LifelinePlan {
  /** image of the lifeline */
  readonly image: string;
  /** files of this machine that QEMU sees */
  readonly files: SharedFiles;
  /** QEMU's container, without the exchange folder */
  readonly qemu: QemuContainerSpec;
  /** absolute path of the folder in which to create the exchange folder; absent if files are copied */
  readonly directory: string | undefined;
  /** whether the exchange folder is mounted */
  readonly isMounted: boolean;
  /** equal for two plans exactly if the containers of one can serve the other */
  readonly key: string;
}

/**
 * Plans the containers in which QEMU sees these files. Pure.
 * @param directory - absolute path of a folder in the file system of the captures
 */
export function planLifeline(facts: LifelineFacts, machine: MachineNeeds, files: SharedFiles, directory: string): LifelinePlan {
  const { images, access, accel } = facts;
  const image = imageNamed(images, 'qemu').reference;
  const qemuImage = imageNamed(images, imageNameOf(machine.machine)).reference;
  const plan = {
    image,
    files,
    qemu: qemuContainerSpec(qemuImage, access, files, accel, machine),
    directory: access.kind === 'copy' ? undefined : directory,
    isMounted: access.kind === 'bind',
  };
  return { ...plan, key: JSON.stringify(plan) };
}
