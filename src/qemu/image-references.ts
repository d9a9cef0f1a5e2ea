// SPDX-License-Identifier: GPL-3.0-or-later
import { openRegular } from '../core/plain-file.ts';

/** The other files that hold a part of a disk image. */
export interface ImageReferences {
  /** names as in the image; relative ones start at its folder */
  readonly names: readonly string[];
  /** the name of its backing file */
  readonly backing?: string | undefined;
  /** format of its backing file, if the image contains it */
  readonly backingFormat?: string | undefined;
  /** why there may be more files; absent if there are not */
  readonly unknown?: string | undefined;
}

/** How many bytes to read: headers that name other files are not longer. */
const headerBytes = 65_536;

const qcow2 = { magic: 'QFI\xfb', backingOffset: 8, backingSize: 16, incompatible: 72, headerLength: 100 } as const;
const externalDataBit = 1n << 2n;
/** Types of header extensions: the name of the data file, the format of the backing file. */
const dataFileExtension = 0x44415441;
const backingFormatExtension = 0xe2792aca;

/**
 * Reads from the header of a disk image which other files it needs. Files of unknown formats need none.
 * @throws Error of the file system if it cannot be read
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
  await using file = await openRegular(path);
  const header = Buffer.alloc(headerBytes);
  const { bytesRead } = await file.read(header, 0, headerBytes, 0);
  return header.subarray(0, bytesRead);
}

/** For the layout see QEMU's docs/interop/qcow2. */
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
    unknown: hasDataFile && dataFile === undefined ? 'its data is in another file' : undefined,
  };
}

function extension(header: Buffer, wantedType: number): string | undefined {
  let at = header.readUInt32BE(qcow2.headerLength);
  while (at + 8 <= header.length) {
    const [type, length] = [header.readUInt32BE(at), header.readUInt32BE(at + 4)];
    if (type === wantedType) return header.toString('utf8', at + 8, at + 8 + length);
    if (type === 0) return undefined;
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return undefined;
}
