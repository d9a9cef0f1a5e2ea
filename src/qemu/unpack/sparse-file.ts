// SPDX-License-Identifier: GPL-3.0-or-later
import { open, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { ArchiveError } from './member.ts';

/** Blocks of zeros are not written, so that an empty disk takes no space. */
const blockBytes = 64 * 1024;
const zeros = Buffer.alloc(blockBytes);
/** How often free space is checked, in `bytes` written. */
const checkEveryBytes = 64 * 1024 ** 2;
/** How much space is left for others, in `bytes`. */
const reserveBytes = 256 * 1024 ** 2;
/** The largest disk that is unpacked, in `bytes`. An archive of a few MB can contain more zeros than any disk can hold. */
export const maxUnpackedBytes = 256 * 1024 ** 3;

/** A new file, written from its start to its end, with holes in place of zeros. */
export class SparseFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #maxBytes: number;
  #bytes = 0;
  #uncheckedBytes = checkEveryBytes;

  private constructor(file: FileHandle, path: string, maxBytes: number) {
    this.#file = file;
    this.#path = path;
    this.#maxBytes = maxBytes;
  }

  /** @param path - nothing may be there yet */
  static async create(path: string, maxBytes = maxUnpackedBytes): Promise<SparseFile> {
    return new SparseFile(await open(path, 'wx', 0o644), path, maxBytes);
  }

  /** how much it contains, in `bytes` */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends data.
   * @throws ArchiveError if the file becomes too large, or its disk too full
   */
  async write(data: Buffer): Promise<void> {
    if (this.#bytes + data.length > this.#maxBytes)
      throw new ArchiveError(
        `expected at most ${gibibytes(this.#maxBytes)} after unpacking, got more. If that is right, unpack it, and set appliance.image to the disk`,
      );
    for (let at = 0; at < data.length;) {
      const length = Math.min(blockBytes - (this.#bytes % blockBytes), data.length - at);
      const block = data.subarray(at, at + length);
      if (!block.equals(length === blockBytes ? zeros : zeros.subarray(0, length))) await this.#writeBlock(block);
      this.#bytes += length;
      at += length;
    }
  }

  /** Completes the file: its end may be a hole. */
  async finish(): Promise<void> {
    await this.#file.truncate(this.#bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #writeBlock(block: Buffer): Promise<void> {
    this.#uncheckedBytes += block.length;
    if (this.#uncheckedBytes >= checkEveryBytes) {
      this.#uncheckedBytes = 0;
      await assertSpace(dirname(this.#path), 0);
    }
    try {
      await this.#file.write(block, 0, block.length, this.#bytes);
    } catch (error) {
      if (codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT') throw await noSpace(dirname(this.#path), 0);
      throw error;
    }
  }
}

/**
 * Asserts that a disk has room.
 * @param bytes - how much is needed
 * @throws ArchiveError if not
 */
export async function assertSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytes + reserveBytes) throw await noSpace(folder, bytes);
}

async function noSpace(folder: string, bytes: number): Promise<ArchiveError> {
  const { bavail, bsize } = await statfs(folder);
  const needed = bytes === 0 ? 'more space' : mebibytes(bytes + reserveBytes);
  return new ArchiveError(
    `expected ${needed} on the disk of ${folder} to unpack it, got ${mebibytes(bavail * bsize)}. Free some, or remove what alpy has stored there: alpy snapshot prune --all`,
  );
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}

function gibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 3)} GiB`;
}
