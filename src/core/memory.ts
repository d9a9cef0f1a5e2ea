// SPDX-License-Identifier: GPL-3.0-or-later
import { readFile } from 'node:fs/promises';

/** Memory of this machine that programs can have without swapping, in MiB; nothing where the kernel does not tell. */
export async function availableMemoryMiB(): Promise<number | undefined> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(text)?.[1];
  return kilobytes === undefined ? undefined : Math.floor(Number(kilobytes) / 1024);
}
