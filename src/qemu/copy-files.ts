// SPDX-License-Identifier: GPL-3.0-or-later
import { join } from 'node:path';
import { copiesOf } from './appliance-files.ts';
import type { QemuContainer } from './qemu-container.ts';
import { copiedFolder, type ContainerPaths, type HypervisorSpec } from './qemu-files.ts';

/** Copies everything that QEMU reads into a container that sees no files of this machine. */
export async function copyFiles(
  { container }: QemuContainer,
  { machine, disk }: HypervisorSpec,
  paths: ContainerPaths,
  signal?: AbortSignal,
): Promise<void> {
  const captures = machine.nics.flatMap(({ capture }) =>
    capture ? [{ path: join(paths.run, capture.file), content: '', mode: 0o666 }] : [],
  );
  const images = disk.drives.flatMap(({ image }, index) =>
    image ? [{ path: paths.images[index] ?? '', content: { file: image.path } }] : [],
  );
  await container.write([...images, ...copiesOf(disk.named ?? []), ...captures], signal, copiedFolder);
}
