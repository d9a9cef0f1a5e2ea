// SPDX-License-Identifier: GPL-3.0-or-later
import { JsonCache } from '../core/json-cache.ts';
import { isJsonObject } from '../core/json-object.ts';
import type { DiskFormat, DiskImage } from './disk-image.ts';
import { areUnchanged } from './file-identity.ts';

/** What the result of an inspection depends on, besides the files of the disk. */
export interface DiskCacheKey {
  /** absolute path of the disk image */
  readonly path: string;
  /** its format as configured */
  readonly expected: DiskFormat | 'auto';
  /** identifier of the container image whose QEMU inspects it */
  readonly imageId: string;
}

/** Usable disk images, so that an unchanged one is not inspected for every run. */
export class DiskCache {
  readonly #cache: JsonCache;

  /** @param file - absolute path of the cache; created if it does not exist */
  constructor(file: string) {
    this.#cache = new JsonCache(file);
  }

  /** Returns `undefined` if the disk is unknown, or one of its files has changed since it was inspected. */
  async find(key: DiskCacheKey): Promise<DiskImage | undefined> {
    const disk = await this.#cache.find(nameOf(key));
    return isDisk(disk) && (await areUnchanged(disk.files)) ? disk : undefined;
  }

  async add(key: DiskCacheKey, disk: DiskImage): Promise<void> {
    await this.#cache.add(nameOf(key), disk);
  }
}

/** Another version of alpy may have written the entry. */
function isDisk(value: unknown): value is DiskImage {
  if (!isJsonObject(value)) return false;
  const { path, format, virtualBytes, files, qemuVersion, firmware } = value;
  const hasTexts = [path, format, qemuVersion, firmware].every((text) => typeof text === 'string');
  const isFile = (file: unknown): boolean =>
    isJsonObject(file) && typeof file['path'] === 'string' && typeof file['stamp'] === 'string';
  return hasTexts && typeof virtualBytes === 'number' && Array.isArray(files) && files.every(isFile);
}

function nameOf({ path, expected, imageId }: DiskCacheKey): string {
  return [path, expected, imageId].join(' ');
}
