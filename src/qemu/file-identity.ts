// SPDX-License-Identifier: GPL-3.0-or-later
import { stampOf, type FileStamp } from '../core/file.ts';
import { DiskImageError } from './errors.ts';

/** A file, as it was when it was looked at. */
export interface FileIdentity extends FileStamp {
  readonly path: string;
}

/** @throws Error of the file system when there is no such file */
export async function identify(path: string): Promise<FileIdentity> {
  return { path, ...(await stampOf(path)) };
}

/**
 * Sees that files are what they were.
 * @throws DiskImageError naming the one that is not
 */
export async function assertUnchanged(files: readonly FileIdentity[]): Promise<void> {
  for (const { path, stamp } of files) {
    const now = await identify(path).catch(() => undefined);
    if (now?.stamp === stamp) continue;
    const what = now ? 'it was changed or replaced' : 'it was removed';
    throw new DiskImageError(path, `${what} while the run used it, so tests would not all see the same device. Run again`);
  }
}
