// SPDX-License-Identifier: GPL-3.0-or-later
import { open } from 'node:fs/promises';

/** What a disk image says of other files that hold a part of it. */
export interface ImageReferences {
  /** names as the image has them: relative ones count from its folder */
  readonly names: readonly string[];
  /** the one of them that it is an overlay of, and its format, if the image says so */
  readonly backing?: string | undefined;
  readonly backingFormat?: string | undefined;
  /** why that may not be all; absent when it is */
  readonly unknown?: string | undefined;
}

/** Headers that name other files fit into so many bytes. */
const headerBytes = 65_536;

const qcow2 = { magic: 'QFI\xfb', backingOffset: 8, backingSize: 16, incompatible: 72, headerLength: 100 } as const;
const externalDataBit = 1n << 2n;
/** Types of header extensions: the name of the file that holds the data, the format of the base. */
const dataFileExtension = 0x44415441;
const backingFormatExtension = 0xe2792aca;

/**
 * Reads which other files a disk image needs, by the header of its format; a file of another format needs none.
 * @throws Error of the file system when it cannot be read
 */
export async function imageReferences(path: string): Promise<ImageReferences> {
  const header = await readHeader(path);
  const text = header.toString('latin1');
  if (text.startsWith(qcow2.magic)) return qcow2References(header);
  if (text.startsWith('QED\0')) return { names: [], unknown: 'it is a QED image, which may be an overlay' };
  if (text.startsWith('# Disk DescriptorFile')) return { names: [], unknown: 'it is a VMDK descriptor, which names other files' };
  const parent = text.startsWith('KDMV') ? /^parentCID=(\w+)/m.exec(text)?.[1] : undefined;
  if (parent !== undefined && !/^f+$/i.test(parent)) return { names: [], unknown: 'it is an overlay of another VMDK image' };
  return { names: [] };
}

async function readHeader(path: string): Promise<Buffer> {
  await using file = await open(path);
  const header = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(header, 0, headerBytes, 0);
  return header.subarray(0, bytesRead);
}

/** Layout: QEMU's docs/interop/qcow2. */
function qcow2References(header: Buffer): ImageReferences {
  if (header.length < qcow2.headerLength) return { names: [] };
  const offset = Number(header.readBigUInt64BE(qcow2.backingOffset));
  const size = header.readUInt32BE(qcow2.backingSize);
  if (offset + size > header.length) return { names: [], unknown: 'its header is larger than any that QEMU writes' };
  const isVersion3 = header.readUInt32BE(4) >= 3;
  const hasDataFile = isVersion3 && (header.readBigUInt64BE(qcow2.incompatible) & externalDataBit) !== 0n;
  const dataFile = hasDataFile ? extension(header, dataFileExtension) : undefined;
  const backing = offset === 0 ? undefined : header.toString('utf8', offset, offset + size);
  return {
    names: [backing, dataFile].filter((name) => name !== undefined),
    backing,
    backingFormat: isVersion3 ? extension(header, backingFormatExtension) : undefined,
    unknown: hasDataFile && dataFile === undefined ? 'its data are in another file' : undefined,
  };
}

function extension(header: Buffer, wanted: number): string | undefined {
  let at = header.readUInt32BE(qcow2.headerLength);
  while (at + 8 <= header.length) {
    const [type, length] = [header.readUInt32BE(at), header.readUInt32BE(at + 4)];
    if (type === wanted) return header.toString('utf8', at + 8, at + 8 + length);
    if (type === 0) return undefined;
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}
