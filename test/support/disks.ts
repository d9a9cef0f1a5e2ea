// SPDX-License-Identifier: GPL-3.0-or-later
import type { DiskImage, InspectedDisks } from '../../src/qemu/index.ts';

/** The disks of a machine that has only this one. */
export function disksWith(image: DiskImage): InspectedDisks {
  const { path: source, virtualBytes, qemuVersion, firmware } = image;
  const drive = { spec: { kind: 'disk', bus: 'virtio' }, image, virtualBytes, source, isUnpacked: false } as const;
  return { drives: [drive], qemuVersion, firmware };
}
