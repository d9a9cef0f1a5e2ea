// SPDX-License-Identifier: GPL-3.0-or-later

/** A file in the root folder of an image. */
export interface IsoFile {
  /** lower-case letters, digits and dashes, 30 characters at most */
  readonly name: string;
  readonly content: Uint8Array;
}

const sectorBytes = 2048;
/** The first sectors belong to boot loaders, and are empty here. */
const descriptorSector = 16;
const pathTableSectors = { little: 18, big: 19 } as const;
const rootSector = 20;
const firstFileSector = 21;
/** An image has the same bytes for the same files, so its dates are fixed: 2000-01-01, in the two forms of the standard. */
const recordDate = [100, 1, 1, 0, 0, 0, 0];
const volumeDate = '2000010100000000';

/**
 * Makes a CD image (ISO 9660 with Rock Ridge names) with files in its root folder. Pure: the same input gives the same bytes.
 * No npm package for this is maintained, and a program such as xorriso would take longer than QEMU takes to start.
 * @param label - volume label, in upper case
 */
export function isoImage(label: string, files: readonly IsoFile[]): Buffer {
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1)); // as the standard demands
  let next = firstFileSector;
  const placed = sorted.map((file) => {
    const sector = next;
    next += Math.ceil(file.content.length / sectorBytes);
    return { ...file, sector };
  });
  const image = Buffer.alloc(next * sectorBytes);
  const put = (sector: number, bytes: Uint8Array): void => {
    image.set(bytes, sector * sectorBytes);
  };
  put(descriptorSector, volumeDescriptor(label, next));
  put(descriptorSector + 1, Buffer.from('\xffCD001\x01', 'latin1')); // the end of the descriptors
  put(pathTableSectors.little, pathTable(rootSector, 'little'));
  put(pathTableSectors.big, pathTable(rootSector, 'big'));
  put(rootSector, rootFolder(placed));
  for (const { sector, content } of placed) put(sector, content);
  return image;
}

interface PlacedFile extends IsoFile {
  readonly sector: number;
}

/** ECMA-119, section 8.4. */
function volumeDescriptor(label: string, sectors: number): Buffer {
  const bytes = Buffer.alloc(sectorBytes);
  bytes.write('\x01CD001\x01', 0, 'latin1');
  bytes.write(' '.repeat(32) + label.padEnd(32), 8, 'latin1');
  bytes.set(both32(sectors), 80);
  for (const at of [120, 124]) bytes.set(both16(1), at); // one volume, and this is the first
  bytes.set(both16(sectorBytes), 128);
  bytes.set(both32(pathTable(rootSector, 'little').length), 132);
  bytes.writeUInt32LE(pathTableSectors.little, 140);
  bytes.writeUInt32BE(pathTableSectors.big, 148);
  bytes.set(record({ name: '\0', sector: rootSector, bytes: sectorBytes, isFolder: true, extensions: [] }), 156);
  bytes.write(' '.repeat(623), 190, 'latin1'); // names of a set, a publisher and the like
  for (const at of [813, 830]) bytes.write(volumeDate, at, 'latin1'); // created, modified
  for (const at of [847, 864]) bytes.write('0'.repeat(16), at, 'latin1'); // never expires
  bytes[881] = 1;
  return bytes;
}

function pathTable(sector: number, order: 'little' | 'big'): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = 1; // length of the name of the root folder, which is a zero byte
  if (order === 'little') bytes.writeUInt32LE(sector, 2);
  else bytes.writeUInt32BE(sector, 2);
  bytes[order === 'little' ? 6 : 7] = 1; // the folder above it
  return bytes;
}

function rootFolder(files: readonly PlacedFile[]): Buffer {
  const folder = { sector: rootSector, bytes: sectorBytes, isFolder: true };
  return Buffer.concat([
    record({ ...folder, name: '\0', extensions: [rockRidge.isUsed, rockRidge.mode(0o040555, 2), rockRidge.version] }),
    record({ ...folder, name: '\x01', extensions: [rockRidge.mode(0o040555, 2)] }),
    ...files.map(({ name, sector, content }) =>
      record({
        name: `${name.toUpperCase()}.;1`, // readers that ignore Rock Ridge drop the end, and some convert to lower case
        sector,
        bytes: content.length,
        isFolder: false,
        extensions: [rockRidge.mode(0o100444, 1), rockRidge.name(name)],
      }),
    ),
  ]);
}

/** ECMA-119, section 9.1. */
function record(entry: {
  readonly name: string;
  readonly sector: number;
  readonly bytes: number;
  readonly isFolder: boolean;
  readonly extensions: readonly Buffer[];
}): Buffer {
  const { name, sector, bytes, isFolder, extensions } = entry;
  const padding = name.length % 2 === 0 ? [0] : [];
  const rest = Buffer.concat([
    Buffer.from([0, ...both32(sector), ...both32(bytes), ...recordDate, isFolder ? 2 : 0, 0, 0, ...both16(1), name.length]),
    Buffer.from(name, 'latin1'),
    Buffer.from(padding),
    ...extensions,
  ]);
  const length = 1 + rest.length;
  const isOdd = length % 2 === 1;
  return Buffer.concat([Buffer.from([length + (isOdd ? 1 : 0)]), rest, Buffer.alloc(isOdd ? 1 : 0)]);
}

/** Rock Ridge (IEEE P1282), which gives files their Unix names and permissions. */
const rockRidge = {
  isUsed: Buffer.from('SP\x07\x01\xbe\xef\0', 'latin1'),
  version: Buffer.from('ER\x12\x01\x0a\0\0\x01RRIP_1991A', 'latin1'),
  mode: (mode: number, links: number) =>
    Buffer.from([0x50, 0x58, 36, 1, ...both32(mode), ...both32(links), ...both32(0), ...both32(0)]),
  name: (name: string) => Buffer.from(`NM${String.fromCharCode(5 + name.length)}\x01\0${name}`, 'latin1'),
};

/** A number in both byte orders. */
function both32(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(value, 0);
  bytes.writeUInt32BE(value, 4);
  return bytes;
}

function both16(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(value, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}
