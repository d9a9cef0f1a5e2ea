// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256Of } from '../core/file.ts';

/** How many hashes are kept. */
const maxEntries = 100;

/** SHA-256 of files that may be large, cached until their stamps change. */
export class ContentHashes {
  readonly #file: string;

  /** @param file - absolute path of the cache; created if it does not exist */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Returns the hash of a file.
   * @param stamp - changes whenever the file does
   * @throws Error of the file system when the file cannot be read
   */
  async of(path: string, stamp: string): Promise<string> {
    const name = `${path} ${stamp}`;
    const known = (await this.#read())[name];
    if (known !== undefined) return known;
    const sha256 = await sha256Of(path);
    await this.#add(name, sha256).catch(() => undefined); // it is computed again the next time
    return sha256;
  }

  /** Readers see the old or the new cache. If two processes write at once, one entry is lost. */
  async #add(name: string, sha256: string): Promise<void> {
    const entries = [...Object.entries(await this.#read()), [name, sha256]].slice(-maxEntries);
    await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
    const draft = `${this.#file}.${randomBytes(6).toString('hex')}`;
    await writeFile(draft, JSON.stringify(Object.fromEntries(entries)));
    await rename(draft, this.#file);
  }

  async #read(): Promise<Readonly<Record<string, string | undefined>>> {
    try {
      return JSON.parse(await readFile(this.#file, 'utf8')) as Readonly<Record<string, string>>;
    } catch {
      return {};
    }
  }
}
