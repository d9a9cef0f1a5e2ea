// SPDX-License-Identifier: GPL-3.0-or-later
import { openRegular } from '../core/plain-file.ts';

/** Type of the program header that names the loader; see elf(5). */
const interpreterType = 3;
/** How much of a file is read for its headers, in `bytes`. */
const headBytes = 64 * 1024;

/**
 * Finds the loader that a program needs for its shared libraries.
 * @returns its path; `undefined` for a statically linked program, and for a file that is no 64-bit little-endian program
 * @throws EnvironmentError if the path is not a file; Error of the file system
 */
export async function loaderOf(program: string): Promise<string | undefined> {
  await using file = await openRegular(program);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
  return loaderIn(buffer.subarray(0, bytesRead));
}

/** The same for the start of a file. Pure. */
export function loaderIn(head: Buffer): string | undefined {
  if (head.length < 64 || head.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return undefined;
  const start = Number(head.readBigUInt64LE(0x20));
  const [size, count] = [head.readUInt16LE(0x36), head.readUInt16LE(0x38)];
  for (let at = start; at < start + size * count && at + 40 <= head.length; at += size) {
    if (head.readUInt32LE(at) !== interpreterType) continue;
    const from = Number(head.readBigUInt64LE(at + 8));
    return head.toString('latin1', from, from + Number(head.readBigUInt64LE(at + 32))).replace(/\0.*$/s, '');
  }
  return undefined;
}
