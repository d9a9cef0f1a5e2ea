// SPDX-License-Identifier: GPL-3.0-or-later
import { statfs } from 'node:fs/promises';
import type { Finding } from './finding.ts';

/** Below this, the captures of long tests may not fit. */
const enoughMiB = 2048;

/** Checks the free space of the file system that holds a folder. */
export async function checkDisk(directory: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(directory);
  const freeMiB = Math.floor((bavail * bsize) / 1024 ** 2);
  const text = `${freeMiB} MiB free in ${directory}`;
  if (freeMiB >= enoughMiB) return { name: 'disk', result: 'ok', text };
  return {
    name: 'disk',
    result: 'warning',
    text: `${text}; captures of long tests may fill it`,
    remedy: 'docker system df; docker image prune',
  };
}
