// SPDX-License-Identifier: GPL-3.0-or-later
import { openRegular } from '../../core/plain-file.ts';
import { readPart, type Part } from './part.ts';

/** Compressions that alpy unpacks. */
export type Compression = 'gzip' | 'xz' | 'zstd' | 'bzip2';

/** What a file is, by its content. */
export type ContentKind =
  | { readonly kind: 'compressed'; readonly by: Compression }
  | { readonly kind: 'zip' | 'tar' | 'vhd' }
  | { readonly kind: 'iso'; /** whether it also begins like a bootable disk */ readonly isHybrid: boolean }
  | { readonly kind: 'unsupported'; /** what it is, and the program that unpacks it */ readonly text: string }
  /** left to QEMU */
  | { readonly kind: 'other' };

/** By the first bytes of a file. */
const magics: readonly (readonly [magic: string, ContentKind])[] = [
  ['\x1f\x8b', { kind: 'compressed', by: 'gzip' }],
  ['\xfd7zXZ\0', { kind: 'compressed', by: 'xz' }],
  ['\x28\xb5\x2f\xfd', { kind: 'compressed', by: 'zstd' }],
  ['BZh', { kind: 'compressed', by: 'bzip2' }],
  ['PK\x03\x04', { kind: 'zip' }],
  ['\x04\x22\x4d\x18', { kind: 'unsupported', text: 'it is compressed by lz4. Unpack it with unlz4' }],
  ['LZIP', { kind: 'unsupported', text: 'it is compressed by lzip. Unpack it with lzip -d' }],
  ["7z\xbc\xaf'\x1c", { kind: 'unsupported', text: 'it is a 7z archive. Unpack it with 7z x' }],
  ['Rar!\x1a\x07', { kind: 'unsupported', text: 'it is a RAR archive. Unpack it with unrar x' }],
];

const sectorBytes = 512;
/** Where a bootable disk has the two bytes of {@link bootSignature}. */
const bootSignatureOffset = 510;
const bootSignature = 0xaa55;
const tarMagic = { offset: 257, text: 'ustar' } as const;
/** First descriptor of ISO 9660, and of UDF. */
const isoMagic = { offset: 0x8001, texts: ['CD001', 'BEA01'] } as const;
const vhdMagic = 'conectix';

/**
 * Recognises by its content what a file is.
 * @param isRaw - whether the configuration says that it is a raw disk; then one with a boot sector is not looked into
 * @throws Error of the file system if it cannot be read
 */
export async function contentKind(part: Part, isRaw = false): Promise<ContentKind> {
  await using file = await openRegular(part.path);
  const head = await readPart(file, part, 0, sectorBytes);
  const isBootable = isBootSector(head);
  if (isRaw && isBootable) return { kind: 'other' };
  const start = head.toString('latin1');
  const found = magics.find(([magic]) => start.startsWith(magic));
  if (found) return found[1];
  if (start.slice(tarMagic.offset).startsWith(tarMagic.text)) return { kind: 'tar' };
  const footer = (await readPart(file, part, part.bytes - sectorBytes, vhdMagic.length)).toString('latin1');
  if (start.startsWith(vhdMagic) || footer === vhdMagic) return { kind: 'vhd' }; // one of fixed size has only a footer
  const iso = (await readPart(file, part, isoMagic.offset, 5)).toString('latin1');
  return isoMagic.texts.some((text) => text === iso) ? { kind: 'iso', isHybrid: isBootable } : { kind: 'other' };
}

/** Whether alpy unpacks such a file. */
export function isPacked({ kind }: ContentKind): boolean {
  return kind === 'compressed' || kind === 'zip' || kind === 'tar';
}

/** Whether a file begins like a bootable disk. */
export async function hasBootSector(path: string): Promise<boolean> {
  await using file = await openRegular(path);
  const part = { path, offset: 0, bytes: sectorBytes, name: '' };
  return isBootSector(await readPart(file, part, 0, sectorBytes));
}

function isBootSector(head: Buffer): boolean {
  return head.length === sectorBytes && head.readUInt16LE(bootSignatureOffset) === bootSignature;
}
