// SPDX-License-Identifier: GPL-3.0-or-later
import { writeFile } from 'node:fs/promises';

/** Writes a raw disk with a boot sector whose program halts at once: a machine that starts and never says a word. */
export async function writeBlankDisk(path: string): Promise<void> {
  const disk = Buffer.alloc(1024 * 1024);
  disk.set([0xfa, 0xf4, 0xeb, 0xfd]); // cli; hlt; jmp to hlt
  disk.writeUInt16LE(0xaa55, 510);
  await writeFile(path, disk);
}
