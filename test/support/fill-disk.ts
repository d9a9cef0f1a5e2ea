// SPDX-License-Identifier: GPL-3.0-or-later
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../src/core/errors.ts';

/** Name of the file that fills a file system. */
export const fillerName = 'filler';

/** Writes a file until the file system is full. */
export async function fill(folder: string): Promise<void> {
  await using file = await open(join(folder, fillerName), 'w');
  for (const bytes of [1024 ** 2, 4096]) {
    const block = Buffer.alloc(bytes, 1);
    try {
      for (;;) await file.write(block);
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC') throw error;
    }
  }
}
