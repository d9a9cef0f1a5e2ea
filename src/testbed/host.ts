// SPDX-License-Identifier: GPL-3.0-or-later
import { step } from '../core/step.ts';
import { probeFileAccess, type Engine, type FileAccess } from '../docker/index.ts';
import { findImage, imageNamed, type ResolvedImage } from '../images/index.ts';
import { chooseAccel, inspectDisk, type Accel, type DiskFormat, type DiskImage } from '../qemu/index.ts';

/** What testbeds must know of the machine they are made on. Plain data, so that a run finds it out once for all workers. */
export interface HostFacts {
  /** every image with its location */
  readonly images: readonly ResolvedImage[];
  readonly accel: Accel;
  /** why this accelerator */
  readonly accelReason: string;
  readonly access: FileAccess;
}

/** What to find out. */
export interface HostQuestions {
  readonly images: readonly ResolvedImage[];
  readonly accel: Accel | 'auto';
  /** folder in which testbeds put their files; must exist */
  readonly directory: string;
  /** file that keeps the verdict on KVM */
  readonly accelCacheFile?: string | undefined;
}

/**
 * Sees that the machine has what every testbed needs, and how it is to be used.
 * @throws MissingImageError when an image is not there
 * @throws EnvironmentError when an accelerator is demanded that does not work
 * @throws ContainerError when the daemon cannot run containers
 */
export async function inspectHost(engine: Engine, questions: HostQuestions, signal?: AbortSignal): Promise<HostFacts> {
  const { images, accel, directory, accelCacheFile } = questions;
  const [qemu, node] = [imageNamed(images, 'qemu'), imageNamed(images, 'node')];
  for (const image of [qemu, node]) await findImage(engine.docker, image, signal);
  return step('alpy.testbed', 'Inspect the machine', async () => {
    const choice = await chooseAccel(accel, { engine, image: qemu.reference, cacheFile: accelCacheFile, signal });
    const access = await probeFileAccess(engine, node.reference, directory, signal);
    return { images, accel: choice.accel, accelReason: choice.reason, access };
  });
}

/**
 * Looks at a disk image; see {@link DiskImage}.
 * @throws DiskImageError when it cannot be used
 */
export async function inspectApplianceDisk(
  engine: Engine,
  facts: HostFacts,
  appliance: { readonly image: string; readonly format: DiskFormat | 'auto' },
  signal?: AbortSignal,
): Promise<DiskImage> {
  const place = { engine, image: imageNamed(facts.images, 'qemu').reference, access: facts.access };
  return inspectDisk(appliance.image, appliance.format, place, signal);
}
