// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Number of entries of a folder; `undefined` if it cannot be read: only root may, or the daemon is on another machine. */
export function entriesOf(folder: string): number | undefined {
  try {
    return readdirSync(folder).length;
  } catch {
    return undefined;
  }
}

/**
 * Used space of the file system of a folder, in MiB; `undefined` if it cannot be read.
 * @param out - the files of the run, which do not count if they are on the same file system
 * @param outBytes - their size
 */
export function usedMiB(folder: string, out: string, outBytes: number): number | undefined {
  try {
    const { blocks, bfree, bsize } = statfsSync(folder);
    const own = statSync(folder).dev === statSync(out).dev ? outBytes : 0;
    return ((blocks - bfree) * bsize - own) / 1024 ** 2;
  } catch {
    return undefined;
  }
}

/** Size of all files below a folder, in bytes. */
export function sizeOf(folder: string): number {
  return pathsBelow(folder).reduce((sum, path) => {
    const facts = statSync(path, { throwIfNoEntry: false });
    return sum + (facts?.isFile() ? facts.size : 0);
  }, 0);
}

/** Everything below a folder. The run may remove a part meanwhile. */
export function pathsBelow(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [path, ...pathsBelow(path)] : [path];
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
