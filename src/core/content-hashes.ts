// SPDX-License-Identifier: GPL-3.0-or-later
import { sha256Of } from './file.ts';
import { JsonCache } from './json-cache.ts';

/** SHA-256 of files that may be large, cached until their stamps change. */
export class ContentHashes {
  readonly #cache: JsonCache;

  /** @param file - absolute path of the cache; created if it does not exist */
  constructor(file: string) {
    this.#cache = new JsonCache(file);
  }

  /**
   * Returns the hash of a file.
   * @param stamp - changes whenever the file does
   * @throws Error of the file system when the file cannot be read
   */
  async of(path: string, stamp: string): Promise<string> {
    const name = `${path} ${stamp}`;
    const known = await this.#cache.find(name);
    if (typeof known === 'string') return known;
    const sha256 = await sha256Of(path);
    await this.#cache.add(name, sha256);
    return sha256;
  }
}
