// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';
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

  /**
   * Returns one hash of all files, in their order. It is cached as a whole, because the cache has room for few entries.
   * @throws Error of the file system when a file cannot be read
   */
  async ofAll(files: readonly { readonly path: string; readonly stamp: string }[]): Promise<string> {
    const name = `all ${digestOf(files.map(({ path, stamp }) => `${path} ${stamp}`))}`;
    const known = await this.#cache.find(name);
    if (typeof known === 'string') return known;
    const all: string[] = [];
    for (const { path } of files) all.push(await sha256Of(path));
    const sha256 = digestOf(all);
    await this.#cache.add(name, sha256);
    return sha256;
  }
}

function digestOf(texts: readonly string[]): string {
  return createHash('sha256').update(texts.join('\n')).digest('hex');
}
