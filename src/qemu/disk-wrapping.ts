// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { openRegular } from '../core/plain-file.ts';
import { shellWord } from '../core/text.ts';

/** Compression programs: first bytes, suffix of the name, program that unpacks it. */
const compressions = [
  { name: 'gzip', magic: '\x1f\x8b', suffix: /\.t?gz$/, program: 'gunzip' },
  { name: 'xz', magic: '\xfd7zXZ\0', suffix: /\.t?xz$/, program: 'unxz' },
  { name: 'zstd', magic: '\x28\xb5\x2f\xfd', suffix: /\.t?zst$/, program: 'unzstd' },
  { name: 'bzip2', magic: 'BZh', suffix: /\.t?bz2$/, program: 'bunzip2' },
  { name: 'lz4', magic: '\x04\x22\x4d\x18', suffix: /\.lz4$/, program: 'unlz4' },
  { name: 'lzip', magic: 'LZIP', suffix: /\.lz$/, program: 'lzip -d' },
] as const;

/** Archives, with the command that unpacks them. */
const archives = [
  { name: 'a zip archive', magic: 'PK\x03\x04', command: (file: string, to: string) => `unzip ${file} -d ${to}` },
  { name: 'a 7z archive', magic: "7z\xbc\xaf'\x1c", command: (file: string, to: string) => `7z x ${file} -o${to}` },
  { name: 'a RAR archive', magic: 'Rar!\x1a\x07', command: (file: string, to: string) => `unrar x ${file} ${to}/` },
] as const;

const sectorBytes = 512;
/** Where a bootable disk has the two bytes of {@link bootSignature}. */
const bootSignatureOffset = 510;
const bootSignature = 0xaa55;
const tarMagic = { offset: 257, text: 'ustar' } as const;
const isoMagic = { offset: 0x8001, text: 'CD001' } as const;
const vhdMagic = 'conectix';

/**
 * Recognises by its content a file that contains a disk, but that QEMU cannot use as one.
 * @param isRaw - whether the configuration says that it is a raw disk; then a boot sector is enough
 * @returns what it is, and the commands that help; `undefined` for any other file
 * @throws Error of the file system if it cannot be read
 */
export async function recogniseWrapping(path: string, isRaw: boolean): Promise<string | undefined> {
  await using file = await openRegular(path);
  const { size } = await file.stat();
  const head = await readAt(file, 0, sectorBytes);
  const isBootable = head.length === sectorBytes && head.readUInt16LE(bootSignatureOffset) === bootSignature;
  if (isRaw && isBootable) return undefined;
  const start = head.toString('latin1');
  const found = compressed(path, start) ?? (await archived(file, path, start));
  if (found !== undefined) return found;
  const footer = (await readAt(file, size - sectorBytes, vhdMagic.length)).toString('latin1');
  // a VHD of fixed size is a raw disk with a footer
  if (start.startsWith(vhdMagic) || (footer === vhdMagic && !isBootable)) return vhd(path);
  const iso = (await readAt(file, isoMagic.offset, isoMagic.text.length)).toString('latin1');
  return iso === isoMagic.text && !isBootable ? compactDisc(path) : undefined;
}

/** Whether a file begins like a bootable disk. */
export async function hasBootSector(path: string): Promise<boolean> {
  await using file = await openRegular(path);
  const head = await readAt(file, 0, sectorBytes);
  return head.length === sectorBytes && head.readUInt16LE(bootSignatureOffset) === bootSignature;
}

function compressed(path: string, start: string): string | undefined {
  const found = compressions.find(({ magic }) => start.startsWith(magic));
  if (!found) return undefined;
  const { name, suffix, program } = found;
  const what = `it is compressed by ${name}. Unpack it`;
  if (/\.(?:tar\.\w+|t(?:gz|xz|zst|bz2))$/.test(path))
    return `${what}: ${untar(path)}, and set appliance.image to the disk in it`;
  const unpacked = path.replace(suffix, '');
  const [command, image] =
    unpacked === path
      ? [`${program} -c <${shellWord(path)} >${shellWord(`${path}.unpacked`)}`, `${path}.unpacked`]
      : [`${program} -k ${shellWord(path)}`, unpacked];
  return `${what}: ${command}, and set appliance.image to ${image}`;
}

async function archived(file: FileHandle, path: string, start: string): Promise<string | undefined> {
  const found = archives.find(({ magic }) => start.startsWith(magic));
  if (found)
    return `it is ${found.name}. Unpack it: ${found.command(shellWord(path), shellWord(dirname(path)))}, and set appliance.image to the disk in it`;
  if (!start.slice(tarMagic.offset).startsWith(tarMagic.text)) return undefined;
  const names = await tarNames(file);
  const disk = names.find((name) => /\.(?:vmdk|vhdx?|vdi|qcow2?|img|raw)$/i.test(name));
  const unpack = untar(path);
  if (!names.some((name) => name.endsWith('.ovf')) || disk === undefined)
    return `it is a tar archive. Unpack it: ${unpack}, and set appliance.image to the disk in it`;
  const image = renamed(path, '.qcow2');
  const convert = `qemu-img convert -O qcow2 ${shellWord(join(dirname(path), basename(disk)))} ${shellWord(image)}`;
  return `it is an OVA archive. Take the disk out of it: ${unpack} && ${convert}, and set appliance.image to ${image}`;
}

function untar(path: string): string {
  return `tar xf ${shellWord(path)} -C ${shellWord(dirname(path))}`;
}

/** Names of the first hundred files in a tar archive. */
async function tarNames(file: FileHandle): Promise<readonly string[]> {
  const names: string[] = [];
  let at = 0;
  while (names.length < 100) {
    const header = await readAt(file, at, sectorBytes);
    const name = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
    if (header.length < sectorBytes || name === '') break;
    names.push(name);
    const bytes = parseInt(header.toString('latin1', 124, 136), 8);
    if (!(bytes >= 0)) break; // too large for this notation
    at += sectorBytes * (1 + Math.ceil(bytes / sectorBytes));
  }
  return names;
}

function vhd(path: string): string {
  const image = renamed(path, '.qcow2');
  return `it is a VHD image. Convert it: qemu-img convert -f vpc -O qcow2 ${shellWord(path)} ${shellWord(image)}, and set appliance.image to ${image}`;
}

function compactDisc(path: string): string {
  const disk = renamed(path, '.disk.qcow2');
  return `it is a CD image (ISO 9660), not a disk. To boot it as a CD, make a disk beside it: qemu-img create -f qcow2 ${shellWord(disk)} 8G. Then set appliance.image to ${disk}, and appliance.qemuArgs to ['-cdrom', '/alpy/image/${basename(path)}']`;
}

/** The path with another suffix. */
function renamed(path: string, suffix: string): string {
  return `${path.replace(/\.\w+$/, '')}${suffix}`;
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  if (position < 0) return Buffer.alloc(0);
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, position);
  return buffer.subarray(0, bytesRead);
}
