// SPDX-License-Identifier: GPL-3.0-or-later
import { gzipSync } from 'node:zlib';
import { quoteWord } from '../core/text.ts';
import type { Controllers } from './controllers.ts';
import type { DriveSpec } from './drives.ts';

/** Name of the seed's image in QEMU's folder. */
export const seedFile = 'seed.iso';

const driveId = 'seed0';

/**
 * A line of shell that writes the seed's image. The image is sent with the script that prepares a machine anyway, so the daemon need
 * not see a file for it, and no file of it is left. Pure.
 */
export function writeSeed(image: Uint8Array, path: string): string {
  const packed = gzipSync(image, { level: 9 }).toString('base64'); // most of the image is empty
  return `printf %s ${quoteWord(packed)} | base64 -d | gunzip -c >${quoteWord(path)}`;
}

/** Arguments for a read-only drive beside the guest's disk, on the same kind of bus, for which the guest has a driver. */
export function seedArguments(
  drives: readonly DriveSpec[],
  controllers: Controllers,
  path: string | undefined,
): readonly string[] {
  if (path === undefined) return [];
  const drive = ['-drive', `if=none,id=${driveId},format=raw,readonly=on,file=${path}`];
  const bus = drives.find((spec) => spec.kind === 'disk')?.bus ?? 'virtio';
  if (bus === 'virtio') return [...drive, '-device', `${controllers.virtioDisk},drive=${driveId}`];
  const [controller, place] = controllers.next(bus);
  const model = bus === 'scsi' ? 'scsi-hd' : 'ide-cd'; // a disk on an IDE bus cannot be read-only, a CD can
  return [...controller, ...drive, '-device', `${model},${place},drive=${driveId}`];
}
