// SPDX-License-Identifier: GPL-3.0-or-later
import { openRegular } from '../core/plain-file.ts';

const blockBytes = 64 * 1024;
const maxBytes = 16 * 1024 ** 2;
/** An x86 processor begins 16 bytes before the end of the firmware, with a jump. */
const resetBytes = 16;
const jumps = new Set([0xe9, 0xea, 0xeb]);

/**
 * Whether a file is firmware for an x86 machine, and not a disk image: it has the size of a flash chip, no boot sector, and code where
 * the processor begins.
 */
export async function isFirmwareFile(path: string): Promise<boolean> {
  await using file = await openRegular(path);
  const { size } = await file.stat();
  if (size === 0 || size > maxBytes || size % blockBytes !== 0) return false;
  const [signature, reset] = [Buffer.alloc(2), Buffer.alloc(resetBytes)];
  await file.read(signature, 0, signature.length, 510);
  await file.read(reset, 0, reset.length, size - resetBytes);
  return signature.readUInt16LE(0) !== 0xaa55 && reset.subarray(0, resetBytes / 2).some((byte) => jumps.has(byte));
}
