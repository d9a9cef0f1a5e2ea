// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sha256Of } from '../core/file.ts';

/** How many are remembered. */
const most = 100;

/** SHA-256 of files that may be large, remembered as long as their stamps stay the same. */
export class ContentHashes {
  readonly #file: string;

  /** @param file - absolute path; made when it is not there */
  constructor(file: string) {
    this.#file = file;
  }

  /**
   * @param stamp - changes whenever the file does
   * @throws Error of the file system when the file cannot be read
   */
  async of(path: string, stamp: string): Promise<string> {
    const name = `${path} ${stamp}`;
    const known = (await this.#read())[name];
    if (known !== undefined) return known;
    const sha256 = await sha256Of(path);
    await this.#add(name, sha256).catch(() => undefined); // then it is computed anew the next time
    return sha256;
  }

  /** A reader sees the old file or the new one; of two that write at once, one is forgotten. */
  async #add(name: string, sha256: string): Promise<void> {
    const entries = [...Object.entries(await this.#read()), [name, sha256]].slice(-most);
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
