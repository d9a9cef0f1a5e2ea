// SPDX-License-Identifier: GPL-3.0-or-later
import { gzipSync } from 'node:zlib';
import { quoteWord } from '../core/text.ts';

/** Name of the seed's image in QEMU's folder. */
export const seedFile = 'seed.iso';

const driveId = 'seed0';

/** What the drive depends on. */
interface SeedMachine {
  readonly disk: 'virtio' | 'ahci' | 'ide' | 'scsi';
  readonly machine: string;
}

/**
 * A line of shell that writes the seed's image. The image is sent with the script that prepares a machine anyway, so the daemon need
 * not see a file for it, and no file of it is left. Pure.
 */
export function writeSeed(image: Uint8Array, path: string): string {
  const packed = gzipSync(image, { level: 9 }).toString('base64'); // most of the image is empty
  return `printf %s ${quoteWord(packed)} | base64 -d | gunzip -c >${quoteWord(path)}`;
}

/** Arguments for a read-only drive beside the guest's disk, on the same kind of bus, for which the guest has a driver. Pure. */
export function seedArguments(machine: SeedMachine, path: string | undefined): readonly string[] {
  if (path === undefined) return [];
  const drive = ['-drive', `if=none,id=${driveId},format=raw,readonly=on,file=${path}`];
  return [...drive, '-device', `${deviceOf(machine)},drive=${driveId}`];
}

/** A disk on an IDE bus cannot be read-only, a CD can. */
function deviceOf({ disk, machine }: SeedMachine): string {
  switch (disk) {
    case 'virtio':
      return 'virtio-blk-pci';
    case 'scsi':
      return 'scsi-hd,bus=scsi0.0';
    case 'ahci':
      return machine === 'q35' ? 'ide-cd,bus=ide.1' : 'ide-cd,bus=ahci0.1';
    case 'ide':
      return 'ide-cd,bus=ide.1';
  }
}
