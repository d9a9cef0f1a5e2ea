// SPDX-License-Identifier: GPL-3.0-or-later
import { crc32, deflateRawSync } from 'node:zlib';

/** How to pack the files of {@link smallZip}. */
export interface ZipOptions {
  /** default: 8, deflate; 0 stores them */
  readonly method?: number;
  readonly isEncrypted?: boolean;
  /** writes sizes and offsets with 64 bits, as archives of more than 4 GiB have them */
  readonly is64?: boolean;
}

/** A zip archive with these files, by name. */
export function smallZip(
  files: Readonly<Record<string, string | Buffer>>,
  { method = 8, isEncrypted = false, is64 = false }: ZipOptions = {},
): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const plain = Buffer.from(content);
    const packed = method === 8 ? deflateRawSync(plain) : plain;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(isEncrypted ? 1 : 0, 2);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(plain), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(plain.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const extra = is64 ? moveToExtra(common, rest) : Buffer.alloc(0);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, rest, Buffer.from(name), extra]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, ...(is64 ? end64(end, offset + directory.length) : []), end]);
}

/** Moves the sizes and the offset of an entry to its extra field. */
function moveToExtra(common: Buffer, rest: Buffer): Buffer {
  const extra = Buffer.alloc(28);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(24, 2);
  [common.readUInt32LE(18), common.readUInt32LE(14), rest.readUInt32LE(10)].forEach((value, index) => {
    extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index);
  });
  common.fill(0xff, 14, 22);
  rest.fill(0xff, 10);
  common.writeUInt16LE(extra.length, 24);
  return extra;
}

/** The record with 64 bits and its locator, which come before the end. */
function end64(end: Buffer, offset: number): readonly Buffer[] {
  const record = Buffer.alloc(56);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(44n, 4);
  [end.readUInt16LE(8), end.readUInt16LE(10), end.readUInt32LE(12), end.readUInt32LE(16)].forEach((value, index) => {
    record.writeBigUInt64LE(BigInt(value), 24 + 8 * index);
  });
  end.fill(0xff, 8, 20);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.writeBigUInt64LE(BigInt(offset), 8);
  locator.writeUInt32LE(1, 16);
  return [record, locator];
}
