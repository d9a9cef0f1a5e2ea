// SPDX-License-Identifier: GPL-3.0-or-later
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { shellWord } from '../core/text.ts';
import type { ApplianceFile } from './appliance-files.ts';
import { ApplianceFileError, DiskImageError } from './errors.ts';
import type { FileIdentity } from './file-identity.ts';
import { qemuUser } from '../core/qemu-confinement.ts';

/**
 * Checks that QEMU's user may read the files of a disk image: it owns none of them and is in none of their groups.
 * @throws DiskImageError with the command that helps, if not
 */
export async function assertReadable(files: readonly FileIdentity[]): Promise<void> {
  for (const { path } of files) {
    const problem = await readProblem(path);
    if (problem === undefined) continue;
    throw new DiskImageError(path, problem);
  }
}

/**
 * Checks that QEMU's user may read the files that other keys name.
 * @throws ApplianceFileError with the command that helps, if not
 */
export async function assertNamedReadable(named: readonly ApplianceFile[]): Promise<void> {
  for (const { key, parts } of named) {
    for (const { path } of parts) {
      const problem = await readProblem(path);
      if (problem === undefined) continue;
      throw new ApplianceFileError(key, path, problem);
    }
  }
}

/** Why QEMU's user may not read a file; undefined if it may. */
async function readProblem(path: string): Promise<string | undefined> {
  const { mode, uid } = await stat(path);
  if (uid === qemuUser || (mode & 0o004) !== 0) return undefined;
  return `expected permissions that let every user read it, because QEMU runs as user ${qemuUser}, got ${permissionsOf(mode)}. Run: chmod o+r ${shellWord(path)}`;
}

/**
 * Checks that QEMU's user may open files in the folder of a disk image.
 * @throws DiskImageError with the command that helps, if not
 */
export async function assertFolderReachable(path: string): Promise<void> {
  const folder = dirname(path);
  const { mode, uid } = await stat(folder);
  if (uid === qemuUser || (mode & 0o001) !== 0) return;
  throw new DiskImageError(
    path,
    `appliance.qemuArgs names a file in its folder: expected permissions that let every user enter that, because QEMU runs as user ${qemuUser}, got ${permissionsOf(mode)}. Run: chmod o+x ${shellWord(folder)}`,
  );
}

function permissionsOf(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
