// SPDX-License-Identifier: GPL-3.0-or-later
// A guest that reads all files in fw_cfg: a boot sector, because Linux needs a module for that.
import { writeFile } from 'node:fs/promises';

/** fw_cfg has 32 places for files. */
const places = 32;
/** Number of the first file, and of the directory. */
const [firstFile, directory] = [0x20, 0x19];
/** A name and what belongs to it, in the directory. */
const entryBytes = 64;
const directoryBytes = 4 + places * entryBytes;
/** How much of each file the guest sends. */
const sentBytes = 64;

/** How many bytes the guest sends. */
export const dumpBytes = directoryBytes + places * sentBytes;

/** Writes a raw disk whose program sends the directory of fw_cfg and the start of each file to the serial port. */
export async function writeFwCfgReader(path: string): Promise<void> {
  const [a, b] = [directoryBytes & 0xff, directoryBytes >> 8];
  const disk = Buffer.alloc(1024 ** 2);
  disk.set([
    ...[0xb8, directory, 0, 0xbb, a, b, 0xe8, 0x14, 0], // mov ax, directory; mov bx, directoryBytes; call dump
    ...[0xbe, firstFile, 0], // mov si, firstFile
    ...[0x89, 0xf0, 0xbb, sentBytes, 0, 0xe8, 0x09, 0], // next: mov ax, si; mov bx, sentBytes; call dump
    ...[0x46, 0x83, 0xfe, firstFile + places, 0x72, 0xf2], // inc si; cmp si, firstFile + places; jb next
    ...[0xf4, 0xeb, 0xfd], // stop: hlt; jmp stop
    ...[0xba, 0x10, 0x05, 0xef], // dump: mov dx, 0x510; out dx, ax (selects a file)
    ...[0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb], // byte: mov dx, 0x3fd; wait: in al, dx; test al, 0x20; jz wait
    ...[0xba, 0x11, 0x05, 0xec, 0xba, 0xf8, 0x03, 0xee], // mov dx, 0x511; in al, dx; mov dx, 0x3f8; out dx, al
    ...[0x4b, 0x75, 0xed, 0xc3], // dec bx; jnz byte; ret
  ]);
  disk.writeUInt16LE(0xaa55, 510);
  await writeFile(path, disk);
}

/** The files in what the guest has sent, by name. */
export function filesInDump(dump: Buffer): Readonly<Record<string, string>> {
  const files = Array.from({ length: dump.readUInt32BE(0) }, (_, index) => {
    const entry = dump.subarray(4 + index * entryBytes, 4 + (index + 1) * entryBytes);
    const start = directoryBytes + (entry.readUInt16BE(4) - firstFile) * sentBytes;
    const content = dump.toString('latin1', start, start + Math.min(entry.readUInt32BE(0), sentBytes));
    return [entry.toString('latin1', 8).replace(/\0.*$/s, ''), content] as const;
  });
  return Object.fromEntries(files);
}
