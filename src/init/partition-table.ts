// SPDX-License-Identifier: GPL-3.0-or-later

/** What the first sectors of a disk say about how it boots. */
export interface PartitionTable {
  readonly kind: 'gpt' | 'mbr' | 'none';
  /** whether it has an EFI system partition */
  readonly hasEfi: boolean;
  /** whether the first sector has a program for a BIOS */
  readonly hasBootCode: boolean;
}

/** How many bytes of a disk {@link readPartitionTable} needs: the first sector, and a GPT of the usual size. */
export const tableBytes = 34 * 512;

const sectorBytes = 512;
/** The type of an EFI system partition in a GPT, in the order of its bytes on the disk. */
const efiType = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');
const mbrEfiType = 0xef;

/** Reads the partition table in the first bytes of a disk. Pure; never throws. */
export function readPartitionTable(start: Buffer): PartitionTable {
  const isMarked = start.length >= sectorBytes && start.readUInt16LE(510) === 0xaa55;
  const hasBootCode = isMarked && start.subarray(0, 440).some((byte) => byte !== 0);
  const isGpt = start.toString('latin1', sectorBytes, sectorBytes + 8) === 'EFI PART';
  if (isGpt) return { kind: 'gpt', hasEfi: hasEfiInGpt(start), hasBootCode };
  if (!isMarked) return { kind: 'none', hasEfi: false, hasBootCode: false };
  const types = [0, 1, 2, 3].map((index) => start[446 + index * 16 + 4]);
  const isTable = types.some((type) => type !== 0);
  return { kind: isTable ? 'mbr' : 'none', hasEfi: types.includes(mbrEfiType), hasBootCode };
}

function hasEfiInGpt(start: Buffer): boolean {
  const entryBytes = start.readUInt32LE(sectorBytes + 84);
  if (entryBytes < 128) return false; // damaged
  for (let at = 2 * sectorBytes; at + 16 <= start.length; at += entryBytes) {
    if (start.subarray(at, at + 16).equals(efiType)) return true;
  }
  return false;
}
