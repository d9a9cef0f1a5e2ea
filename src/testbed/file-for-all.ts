// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, writeFile } from 'node:fs/promises';

/**
 * Makes an empty file that all may write: QEMU is no user of this machine and may make no files here.
 * @throws Error of the file system
 */
export async function makeFileForAll(path: string): Promise<void> {
  await writeFile(path, '');
  await chmod(path, 0o666);
}
