// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';
import type { Wait } from '../../core/deadline.ts';
import { EnvironmentError, messageOf } from '../../core/errors.ts';
import type { ShellSession } from './shell-session.ts';
import { putShortFile } from './short-file.ts';
import { findTools, getFile, putFile } from './transfer.ts';

/** Copies files to and from a device. It looks only once for the programs that the device has for that. */
export class FileTransfer {
  readonly #session: ShellSession;
  #tools: ReadonlySet<string> | undefined;

  constructor(session: ShellSession) {
    this.#session = session;
  }

  /**
   * Writes a file of the device.
   * @param source - its content, or the path of a file of this machine
   * @param mode - its permissions
   * @throws TransferError when the device cannot write it, or it arrives damaged
   * @throws EnvironmentError when the file of this machine cannot be read
   */
  async put(source: Uint8Array | string, path: string, mode: number, wait: Wait): Promise<void> {
    const bytes = typeof source === 'string' ? await readLocal(source) : source;
    if (await putShortFile(this.#session, bytes, path, mode, wait)) return;
    await putFile(this.#session, await this.#findTools(wait), bytes, path, mode, wait);
  }

  /** Reads a file of the device. @throws TransferError when it cannot be read, or arrives damaged */
  async get(path: string, wait: Wait): Promise<Buffer> {
    return getFile(this.#session, await this.#findTools(wait), path, wait);
  }

  async #findTools(wait: Wait): Promise<ReadonlySet<string>> {
    return (this.#tools ??= await findTools(this.#session, wait));
  }
}

/** @throws EnvironmentError when the file cannot be read */
async function readLocal(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new EnvironmentError(`cannot read ${path} for the upload: ${messageOf(cause)}`, { cause });
  }
}
