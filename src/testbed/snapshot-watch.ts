// SPDX-License-Identifier: GPL-3.0-or-later
import { lstat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ContainerDiedError } from '../docker/index.ts';
import { HypervisorError, QmpError, snapshotFiles } from '../qemu/index.ts';
import { SnapshotError } from '../snapshot/index.ts';
import type { DeviceSpec } from './creation.ts';

/** What is compared of a file. */
interface FileState {
  readonly inode: bigint;
  readonly bytes: bigint;
  readonly modified: bigint;
}

/**
 * Watches the files of the snapshot that a testbed starts from or makes. QEMU maps the memory file and reads a page when the guest
 * needs it. So whoever writes to that file changes the guest, and where the file or its disk ends, the kernel kills QEMU with SIGBUS.
 */
export class SnapshotWatch {
  readonly #use: 'restore' | 'make';
  readonly #memory: string;
  readonly #paths: readonly string[];
  /** those that existed, as they were */
  readonly #before: ReadonlyMap<string, FileState>;

  private constructor(
    use: 'restore' | 'make',
    directory: string,
    paths: readonly string[],
    before: ReadonlyMap<string, FileState>,
  ) {
    this.#use = use;
    this.#memory = join(directory, snapshotFiles.memory);
    this.#paths = paths;
    this.#before = before;
  }

  /** Begins before QEMU opens the files. */
  static async begin(snapshot: NonNullable<DeviceSpec['snapshot']>): Promise<SnapshotWatch> {
    const { use } = snapshot;
    const directory = use === 'make' ? snapshot.directory : snapshot.from.directory;
    const names = use === 'make' ? [snapshotFiles.memory] : Object.keys(snapshot.from.record.files);
    const paths = names.map((name) => join(directory, name));
    const states = await Promise.all(
      paths.map(async (path) => {
        const state = await stateOf(path);
        return state ? ([[path, state]] as const) : [];
      }),
    );
    return new SnapshotWatch(use, directory, paths, new Map(states.flat()));
  }

  /**
   * Asserts that the files are as they were. A snapshot that was removed or replaced is harmless: QEMU has its files open.
   * @throws SnapshotError that names the file that was written to or truncated
   */
  async assertUnchanged(): Promise<void> {
    for (const [path, before] of this.#before) {
      const now = await stateOf(path);
      if (now?.inode !== before.inode) continue;
      const isSame = now.bytes === before.bytes && (this.#use === 'make' || now.modified === before.modified);
      if (isSame) continue;
      const got = now.bytes === before.bytes ? 'other content' : `${now.bytes} bytes`;
      throw new SnapshotError(
        `expected that ${path} does not change while a guest uses it (${before.bytes} bytes), got ${got}. The device isn't to blame for what the guest did. Find out which program writes there, and run again: alpy makes a new snapshot`,
      );
    }
  }

  /** Returns the error to throw: one that names the file, if that is the cause of `error`. */
  async explain(error: unknown): Promise<unknown> {
    try {
      await this.assertUnchanged();
    } catch (cause) {
      return cause;
    }
    const missing = this.#use === 'restore' ? await this.#findMissing() : undefined;
    if (missing !== undefined && (error instanceof QmpError || error instanceof HypervisorError))
      return new SnapshotError(
        `expected ${missing}, got no such file: the snapshot was removed while a testbed was about to start from it. Run again: alpy makes a new snapshot`,
        { cause: error },
      );
    const isDeath = error instanceof ContainerDiedError || error instanceof HypervisorError;
    return isDeath && error.signal === 'SIGBUS' ? this.#ofBusError(error) : error;
  }

  async #findMissing(): Promise<string | undefined> {
    for (const path of this.#paths) if (!(await stateOf(path))) return path;
    return undefined;
  }

  async #ofBusError(cause: Error): Promise<unknown> {
    const killed = `the kernel killed QEMU (SIGBUS) because it could not access a part of ${this.#memory}`;
    try {
      const [{ size, blocks }, { bavail, bsize }] = await Promise.all([lstat(this.#memory), statfs(this.#memory)]);
      const [missing, free] = [size - blocks * 512, bavail * bsize];
      const space = `expected ${mebibytes(missing)} of free space on its disk, got ${mebibytes(free)}`;
      return missing > free
        ? new SnapshotError(`${killed}: ${space}. Free some, or move the store (snapshots.directory)`, { cause })
        : new SnapshotError(`${killed}. Look for errors of its disk (dmesg) and for a quota`, { cause });
    } catch {
      return cause; // the file is gone, which explains nothing
    }
  }
}

async function stateOf(path: string): Promise<FileState | undefined> {
  const stats = await lstat(path, { bigint: true }).catch(() => undefined);
  return stats && { inode: stats.ino, bytes: stats.size, modified: stats.mtimeNs };
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
