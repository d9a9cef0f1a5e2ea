// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-object.ts';
import { ownedName, removeOrphans } from '../../core/owner.ts';
import { acquireLock } from './lock.ts';

/** Name of the unpacked disk. */
export const diskName = 'disk';
const recordName = 'record.json';
const draftPrefix = '.draft-';
const keyPattern = /^[0-9a-f]{64}$/;
/** How long an unpacked image is kept after its last use, in `ms`. */
const keptMs = 30 * 86_400_000;

/** An unpacked disk image. */
export interface UnpackedImage {
  /** absolute path */
  readonly path: string;
  /** what a user should know, such as which of several disks it is */
  readonly notes: readonly string[];
}

/**
 * A folder of unpacked images. Each is in a subfolder named by the hash of the file from which it was unpacked. Any number of
 * processes may use it at once: an image appears atomically and is never written afterwards.
 */
export class UnpackedImages {
  readonly directory: string;

  /** @param directory - absolute path of an existing folder */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** Returns undefined if the image is unknown, or damaged. */
  async find(key: string): Promise<UnpackedImage | undefined> {
    const folder = join(this.directory, key);
    const record = join(folder, recordName);
    const parsed = await readFile(record, 'utf8').then(parseRecord, () => undefined);
    const path = join(folder, diskName);
    const stats = parsed && (await stat(path).catch(() => undefined));
    if (stats?.size !== parsed?.bytes || !parsed) return undefined;
    const now = new Date();
    await utimes(record, now, now).catch(() => undefined); // the folder may be read-only
    return { path, notes: parsed.notes };
  }

  /**
   * Finds an image, or has it unpacked. Other processes that want the same image wait meanwhile.
   * @param key - SHA-256 of the file from which it is unpacked
   * @param unpack - puts the disk into a folder; returns what a user should know. Calls `renew` at least once a minute
   * @throws what `unpack` throws, and errors of the file system
   */
  async provide(
    key: string,
    unpack: (folder: string, renew: () => void) => Promise<readonly string[]>,
    signal?: AbortSignal,
  ): Promise<UnpackedImage> {
    const known = await this.find(key);
    if (known) return known;
    await this.prune(keptMs);
    await using lock = await acquireLock(join(this.directory, `.lock-${key}`), 'unpacks the same image', signal);
    const madeMeanwhile = await this.find(key);
    if (madeMeanwhile) return madeMeanwhile;
    const draft = join(this.directory, ownedName(draftPrefix));
    await mkdir(draft, { mode: 0o755 });
    await chmod(draft, 0o755); // QEMU runs as another user
    try {
      const notes = await unpack(draft, lock.renew);
      const { size: bytes } = await stat(join(draft, diskName));
      await writeFile(join(draft, recordName), JSON.stringify({ bytes, notes }));
      await this.#publish(draft, key);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    const made = await this.find(key);
    if (!made) throw new Error(`${this.directory}: ${key} was removed at once`);
    return made;
  }

  /**
   * Removes images that have not been used for some time, and what processes left that have died.
   * @returns the removed paths
   */
  async prune(unusedMs: number): Promise<readonly string[]> {
    const removed = [...this.removeDead()];
    const names = await readdir(this.directory).catch(() => []);
    for (const key of names.filter((name) => keyPattern.test(name))) {
      const folder = join(this.directory, key);
      const stats = await stat(join(folder, recordName)).catch(() => undefined);
      if (stats && Date.now() - stats.mtimeMs < unusedMs) continue;
      await rm(folder, { recursive: true, force: true });
      removed.push(folder);
    }
    return removed;
  }

  /** Removes what processes left that have died. @returns the removed paths */
  removeDead(): readonly string[] {
    return removeOrphans(this.directory, draftPrefix, { isOurFolder: true });
  }

  async #publish(draft: string, key: string): Promise<void> {
    const folder = join(this.directory, key);
    try {
      await rename(draft, folder);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
      if (await this.find(key)) return; // another process was faster
      await rm(folder, { recursive: true, force: true }); // it is damaged
      await rename(draft, folder);
    }
  }
}

interface UnpackedRecord {
  readonly bytes: number;
  readonly notes: readonly string[];
}

function parseRecord(text: string): UnpackedRecord | undefined {
  const value: unknown = JSON.parse(text);
  if (!isJsonObject(value)) return undefined;
  const { bytes, notes } = value;
  if (typeof bytes !== 'number' || !Array.isArray(notes)) return undefined;
  return { bytes, notes: notes.filter((note) => typeof note === 'string') };
}
