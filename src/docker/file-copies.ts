// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { openRegular } from '../core/plain-file.ts';
import type { ContainerFile } from './files.ts';
import type { Mount } from './spec.ts';

/**
 * Copies of files, to be mounted in a container with a read-only root, into which the daemon copies nothing. A container that
 * runs keeps its mounts, so the copies can be removed when it has started.
 */
export class FileCopies implements AsyncDisposable {
  /** read-only mounts of the copies */
  readonly mounts: readonly Mount[];
  readonly #folder: string;

  private constructor(folder: string, mounts: readonly Mount[]) {
    this.#folder = folder;
    this.mounts = mounts;
  }

  /**
   * Copies files into a new folder that only this user can enter.
   * @param parent - a folder that the daemon sees
   * @throws EnvironmentError if a file cannot be read or written
   */
  static async create(parent: string, files: readonly ContainerFile[]): Promise<FileCopies> {
    const folder = await mkdtemp(join(parent, '.files-')).catch((cause: unknown) => {
      throw new EnvironmentError(`cannot write to ${parent}: ${messageOf(cause)}`, { cause });
    });
    const byPath = new Map(files.map((file) => [posix.resolve('/', file.path), file])); // of two with one path, the last counts
    try {
      const mounts = await Promise.all(
        [...byPath].map(async ([target, file], index) => {
          const source = join(folder, String(index));
          await copy(file, source);
          return { source, target, readOnly: true };
        }),
      );
      return new FileCopies(folder, mounts);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function copy({ path, content, mode = 0o644 }: ContainerFile, target: string): Promise<void> {
  try {
    if (typeof content === 'string' || content instanceof Uint8Array) await writeFile(target, content, { flag: 'wx' });
    else {
      await using source = await openRegular(content.file);
      await copyFile(`/proc/self/fd/${source.fd}`, target, constants.COPYFILE_EXCL);
    }
    await chmod(target, mode & 0o777); // setuid would have no effect in a container
  } catch (cause) {
    const what = typeof content === 'object' && 'file' in content ? `copy ${content.file}` : 'write a file';
    throw new EnvironmentError(`cannot ${what} for ${path} of a container: ${messageOf(cause)}`, { cause });
  }
}
