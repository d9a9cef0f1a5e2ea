// SPDX-License-Identifier: GPL-3.0-or-later
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isJsonObject } from './json-object.ts';

/** How many entries are kept: the newest ones. */
const maxEntries = 100;

/** JSON values by name in a file that several processes may use. Losing an entry only costs time. */
export class JsonCache {
  readonly #file: string;

  /** @param file - absolute path; created if it does not exist */
  constructor(file: string) {
    this.#file = file;
  }

  /** Returns `undefined` if there is no entry of that name, or the file cannot be read. */
  async find(name: string): Promise<unknown> {
    const entries = await this.#read();
    return Object.hasOwn(entries, name) ? entries[name] : undefined;
  }

  /** Adds an entry, if the file can be written. Readers see the old or the new file. If two processes write at once, one entry is lost. */
  async add(name: string, value: unknown): Promise<void> {
    const entries = [...Object.entries(await this.#read()), [name, value]].slice(-maxEntries);
    try {
      await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 });
      const draft = `${this.#file}.${randomBytes(6).toString('hex')}`;
      await writeFile(draft, JSON.stringify(Object.fromEntries(entries)));
      await rename(draft, this.#file);
    } catch {
      // the value is computed again the next time
    }
  }

  async #read(): Promise<Readonly<Record<string, unknown>>> {
    try {
      const parsed: unknown = JSON.parse(await readFile(this.#file, 'utf8'));
      return isJsonObject(parsed) ? parsed : {};
    } catch {
      return {};
    }
  }
}
