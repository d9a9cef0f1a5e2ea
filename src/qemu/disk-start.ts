// SPDX-License-Identifier: GPL-3.0-or-later
import { openRegular } from '../core/plain-file.ts';
import type { DiskImage } from './disk-image.ts';
import { runOnDisk, type DiskScriptPlace } from './disk-script.ts';

const sectorBytes = 512;
const timeoutMs = 60_000;

/**
 * Reads the first bytes of a disk, as the guest sees it. Returns fewer if the disk is smaller, or none if it cannot be read.
 * @param bytes - a multiple of 512
 */
export async function readDiskStart(
  disk: DiskImage,
  bytes: number,
  place: DiskScriptPlace,
  signal?: AbortSignal,
): Promise<Buffer> {
  if (disk.format === 'raw') return readPlainStart(disk.path, bytes);
  const script = 'qemu-img dd -f "$2" -O raw bs=512 "count=$3" "if=$1" of=/tmp/start >/dev/null && cat /tmp/start';
  const args = [disk.format, String(bytes / sectorBytes)];
  return runOnDisk({ path: disk.path, script, args, timeoutMs }, place, signal);
}

async function readPlainStart(path: string, bytes: number): Promise<Buffer> {
  await using file = await openRegular(path);
  const start = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(start, 0, bytes, 0);
  return start.subarray(0, bytesRead);
}
