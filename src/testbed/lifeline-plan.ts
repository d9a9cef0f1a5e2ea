// SPDX-License-Identifier: GPL-3.0-or-later
import type { LifelineSpec } from '../docker/index.ts';
import { imageNamed } from '../images/resolved-image.ts';
import { lifelineSpec, type SharedFolders } from '../qemu/qemu-files.ts';
import type { HostFacts } from './host.ts';

/** What a lifeline needs to know of the machine. */
export type LifelineFacts = Pick<HostFacts, 'images' | 'access' | 'accel'>;

/** A lifeline, as a value. */
export interface LifelinePlan {
  /** folders of this machine that QEMU sees in it */
  readonly folders: SharedFolders;
  readonly spec: LifelineSpec;
  /** equal for two plans exactly if a lifeline of one can serve the other */
  readonly key: string;
}

/** Plans the lifeline in which QEMU sees these folders. Pure. */
export function planLifeline({ images, access, accel }: LifelineFacts, folders: SharedFolders): LifelinePlan {
  const spec = lifelineSpec(imageNamed(images, 'qemu').reference, access, folders, accel);
  return { folders, spec, key: JSON.stringify(spec) };
}
