// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from '../../core/plain-file.ts';
import { ArchiveError, maxMembers, type Member } from './member.ts';
import { readPart, type Part } from './part.ts';

/** The record at the end, which may be followed by a comment of at most 64 KiB. */
const end = { magic: 0x06054b50, bytes: 22, maxComment: 65_535 } as const;
const end64 = { magic: 0x06064b50, locatorMagic: 0x07064b50, locatorBytes: 20, bytes: 56 } as const;
const entry = { magic: 0x02014b50, bytes: 46 } as const;
const local = { magic: 0x04034b50, bytes: 30 } as const;
const maxDirectoryBytes = 16 * 1024 ** 2;
/** Stands in a field of 32 bits for a value in the extra field. */
const inExtra = 0xffffffff;
const zip64Extra = 1;
const methods = { stored: 0, deflated: 8 } as const;

interface Directory {
  readonly offset: number;
  readonly bytes: number;
}

interface Entry {
  readonly name: string;
  readonly isEncrypted: boolean;
  readonly method: number;
  readonly compressedBytes: number;
  readonly unpackedBytes: number;
  /** of its local header */
  readonly offset: number;
}

/**
 * Lists the files in a zip archive. For its layout see PKWARE's APPNOTE.
 * @throws ArchiveError if it is damaged, has too many files, or one that is encrypted or compressed in another way than by deflate
 */
export async function listZip(part: Part): Promise<readonly Member[]> {
  await using file = await openRegular(part.path);
  const { offset, bytes } = await findDirectory(file, part);
  if (bytes > maxDirectoryBytes) throw new ArchiveError(`expected at most ${maxMembers} files in the archive, got more`);
  const directory = await readPart(file, part, offset, bytes);
  if (directory.length !== bytes) throw damaged();
  const members: Member[] = [];
  for (const one of entriesIn(directory)) if (!one.name.endsWith('/')) members.push(await memberOf(file, part, one));
  return members;
}

async function findDirectory(file: FileHandle, part: Part): Promise<Directory> {
  const tail = await readPart(file, part, Math.max(0, part.bytes - end.bytes - end.maxComment), end.bytes + end.maxComment);
  const tailStart = part.bytes - tail.length;
  for (let at = tail.length - end.bytes; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== end.magic) continue;
    const locator = await readPart(file, part, tailStart + at - end64.locatorBytes, end64.locatorBytes);
    const is64 = locator.length === end64.locatorBytes && locator.readUInt32LE(0) === end64.locatorMagic;
    if (!is64) return { bytes: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
    const record = await readPart(file, part, safe(locator.readBigUInt64LE(8)), end64.bytes);
    if (record.length < end64.bytes || record.readUInt32LE(0) !== end64.magic) throw damaged();
    return { bytes: safe(record.readBigUInt64LE(40)), offset: safe(record.readBigUInt64LE(48)) };
  }
  throw new ArchiveError('the zip archive has no end. Was its copy or download cut short?');
}

function entriesIn(directory: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at + entry.bytes <= directory.length;) {
    if (directory.readUInt32LE(at) !== entry.magic) throw damaged();
    if (entries.length === maxMembers) throw new ArchiveError(`expected at most ${maxMembers} files in the archive, got more`);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => directory.readUInt16LE(at + field)) as [
      number,
      number,
      number,
    ];
    const next = at + entry.bytes + nameBytes + extraBytes + commentBytes;
    if (next > directory.length) throw damaged();
    const extra = directory.subarray(at + entry.bytes + nameBytes, at + entry.bytes + nameBytes + extraBytes);
    const [unpackedBytes, compressedBytes, offset] = sizes(directory, at, extra);
    entries.push({
      name: directory.toString('utf8', at + entry.bytes, at + entry.bytes + nameBytes),
      isEncrypted: (directory.readUInt16LE(at + 8) & 1) === 1,
      method: directory.readUInt16LE(at + 10),
      compressedBytes,
      unpackedBytes,
      offset,
    });
    at = next;
  }
  return entries;
}

/** Sizes and offset of an entry. Those that need more than 32 bits are in its extra field, in this order. */
function sizes(directory: Buffer, at: number, extra: Buffer): [unpacked: number, compressed: number, offset: number] {
  const wide = extraField(extra);
  let used = 0;
  const values = [24, 20, 42].map((field) => {
    const value = directory.readUInt32LE(at + field);
    if (value !== inExtra) return value;
    if (used + 8 > wide.length) throw damaged();
    used += 8;
    return safe(wide.readBigUInt64LE(used - 8));
  });
  return values as [number, number, number];
}

function extraField(extra: Buffer): Buffer {
  for (let at = 0; at + 4 <= extra.length;) {
    const [type, bytes] = [extra.readUInt16LE(at), extra.readUInt16LE(at + 2)];
    if (type === zip64Extra) return extra.subarray(at + 4, at + 4 + bytes);
    at += 4 + bytes;
  }
  return Buffer.alloc(0);
}

async function memberOf(file: FileHandle, part: Part, one: Entry): Promise<Member> {
  if (one.isEncrypted)
    throw new ArchiveError(`${one.name} in the zip archive is encrypted. Unpack it, and set appliance.image to the disk in it`);
  if (one.method !== methods.stored && one.method !== methods.deflated)
    throw new ArchiveError(
      `expected ${one.name} in the zip archive to be stored or deflated, got compression method ${one.method}. Unpack it, and set appliance.image to the disk in it`,
    );
  const header = await readPart(file, part, one.offset, local.bytes);
  if (header.length < local.bytes || header.readUInt32LE(0) !== local.magic) throw damaged();
  const start = one.offset + local.bytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + one.compressedBytes > part.bytes) throw damaged();
  return {
    path: part.path,
    offset: part.offset + start,
    bytes: one.compressedBytes,
    name: one.name,
    unpackedBytes: one.unpackedBytes,
    isDeflated: one.method === methods.deflated,
  };
}

function safe(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged();
  return Number(value);
}

function damaged(): ArchiveError {
  return new ArchiveError('the zip archive is damaged. Download it again');
}
