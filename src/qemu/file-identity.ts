// SPDX-License-Identifier: GPL-3.0-or-later
import { stat } from 'node:fs/promises';
import { DiskImageError } from './errors.ts';

/** What changes whenever a file is written or replaced. */
export interface FileIdentity {
  readonly path: string;
  readonly bytes: number;
  /** inode, modification and status change, the latter two in `ns`: no program can set the last one back */
  readonly stamp: string;
}

/** @throws Error of the file system when there is no such file */
export async function identify(path: string): Promise<FileIdentity> {
  const { size, dev, ino, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return { path, bytes: Number(size), stamp: [dev, ino, mtimeNs, ctimeNs].join(' ') };
}

/**
 * Sees that files are what they were.
 * @throws DiskImageError naming the one that is not
 */
export async function seeUnchanged(files: readonly FileIdentity[]): Promise<void> {
  for (const { path, stamp } of files) {
    const now = await identify(path).catch(() => undefined);
    if (now?.stamp === stamp) continue;
    const what = now ? 'it was changed or replaced' : 'it was removed';
    throw new DiskImageError(path, `${what} while the run used it, so tests would not all see the same device. Run again`);
  }
}
