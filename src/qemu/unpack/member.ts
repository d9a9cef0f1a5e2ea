// SPDX-License-Identifier: GPL-3.0-or-later
import type { Part } from './part.ts';

/** A file in an archive. */
export interface Member extends Part {
  /** size after unpacking, in `bytes`; differs from that of the part if it is compressed */
  readonly unpackedBytes: number;
  readonly isDeflated: boolean;
}

/** How many files an archive may have. */
export const maxMembers = 10_000;
/** How many names a message lists. */
const maxNames = 5;

/** An archive cannot be used. The message says why, for {@link DiskImageError}. */
export class ArchiveError extends Error {}

const diskSuffix = /\.(?:qcow2?|img|raw|vmdk|vdi|vhdx?|iso|ova|tar|bin|disk)(?:\.(?:gz|xz|zst|bz2))?$/i;

/**
 * Chooses the file with the disk: the one that the OVF names first, else the only file, else the only one with the suffix of a disk.
 * Pure.
 * @param fromOvf - from {@link disksOfOvf}; absent if the archive has no OVF
 * @throws ArchiveError if there is no such file, or more than one
 */
export function chooseMember(members: readonly Member[], fromOvf: readonly string[] | undefined): Member {
  if (fromOvf) return fromOvfOrThrow(members, fromOvf);
  const files = members.filter(({ bytes, name }) => bytes > 0 && !isHidden(name));
  const candidates = files.length === 1 ? files : files.filter(({ name }) => diskSuffix.test(name));
  const [first, second] = candidates;
  if (first && !second) return first;
  const found = first ? `${candidates.length} of them: ${list(candidates)}` : list(files);
  throw new ArchiveError(
    `expected one disk image in the archive, got ${found}. Unpack it, and set appliance.image to the disk${first ? ', and appliance.disks to the others' : ''}`,
  );
}

function fromOvfOrThrow(members: readonly Member[], [wanted]: readonly string[]): Member {
  if (wanted === undefined)
    throw new ArchiveError(
      `expected a disk in the OVA's description, got none: ${list(members)}. Ask its vendor for one with a disk`,
    );
  const found = members.find(({ name }) => name === wanted);
  if (found) return found;
  throw new ArchiveError(
    `expected the disk ${wanted}, which the OVA's description names, got ${list(members)}. Download it again, or ask its vendor`,
  );
}

/** What macOS and others add to archives. */
function isHidden(name: string): boolean {
  return name.split('/').some((part) => /^\.[^.]/.test(part) || part === '__MACOSX');
}

function list(members: readonly Member[]): string {
  if (members.length === 0) return 'no file';
  const names = members.slice(0, maxNames).map(({ name }) => name);
  return `${names.join(', ')}${members.length > maxNames ? `, and ${members.length - maxNames} more` : ''}`;
}
