// SPDX-License-Identifier: GPL-3.0-or-later
import { openPlain } from '../core/plain-file.ts';

/**
 * Makes an empty file that all may write: QEMU is no user of this machine and may make no files here.
 * @throws Error of the file system
 */
export async function createWorldWritableFile(path: string): Promise<void> {
  await using file = await openPlain(path, 'w');
  await file.chmod(0o666);
}
