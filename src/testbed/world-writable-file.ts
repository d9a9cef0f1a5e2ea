// SPDX-License-Identifier: GPL-3.0-or-later
import { openPlain } from '../core/plain-file.ts';

/**
 * Creates an empty file that every user may write to: QEMU runs as another user, which may not create files here.
 * @throws Error of the file system
 */
export async function createWorldWritableFile(path: string): Promise<void> {
  await using file = await openPlain(path, 'w');
  await file.chmod(0o666);
}
