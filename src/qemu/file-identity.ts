// SPDX-License-Identifier: GPL-3.0-or-later
import { stampOf, type FileStamp } from '../core/file.ts';
import { DiskImageError } from './errors.ts';

/** A file as it was when it was inspected. */
export interface FileIdentity extends FileStamp {
  readonly path: string;
}

/** Inspects a file. @throws Error of the file system if it does not exist */
export async function identify(path: string): Promise<FileIdentity> {
  return { path, ...(await stampOf(path)) };
}

/** Whether files are as they were when they were inspected. */
export async function areUnchanged(files: readonly FileIdentity[]): Promise<boolean> {
  const now = await Promise.all(files.map(({ path }) => identify(path).catch(() => undefined)));
  return files.every(({ stamp }, index) => now[index]?.stamp === stamp);
}

/**
 * Checks that files have not changed.
 * @throws DiskImageError that names the file that has
 */
export async function assertUnchanged(files: readonly FileIdentity[]): Promise<void> {
  for (const { path, stamp } of files) {
    const now = await identify(path).catch(() => undefined);
    if (now?.stamp === stamp) continue;
    const what = now ? 'it was changed or replaced' : 'it was removed';
    throw new DiskImageError(path, `${what} while the run used it, so tests would see different devices. Run again`);
  }
}
