// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from '../../core/plain-file.ts';
import { ArchiveError, maxMembers, type Member } from './member.ts';
import { readPart, type Part } from './part.ts';

const blockBytes = 512;
/** The largest description or extended header that is read, in `bytes`. */
const maxTextBytes = 1024 ** 2;

interface Header {
  readonly name: string;
  readonly bytes: number;
  /** `0`: a file; `x` and `L`: say more about the next entry */
  readonly type: string;
}

/**
 * Lists the regular files in a tar archive without reading their contents. Links and devices are skipped.
 * @throws ArchiveError if it is damaged, or has too many entries
 */
export async function listTar(part: Part): Promise<readonly Member[]> {
  await using file = await openRegular(part.path);
  const members: Member[] = [];
  let at = 0;
  let extended: Partial<Header> = {};
  for (let count = 0; ; count += 1) {
    const block = await readPart(file, part, at, blockBytes);
    if (block.length === 0 || block.every((byte) => byte === 0)) return members;
    if (count === maxMembers) throw new ArchiveError(`expected at most ${maxMembers} entries in the archive, got more`);
    const header = { ...headerOf(block), ...extended };
    const offset = at + blockBytes;
    if (header.bytes > part.bytes - offset)
      throw new ArchiveError(`the archive ends within ${header.name}. Was its copy or download cut short?`);
    const isAddition = header.type === 'x' || header.type === 'L';
    extended = isAddition ? { ...extended, ...(await additions(file, part, offset, header)) } : {};
    if (header.type === 'S')
      throw new ArchiveError(`${header.name} is stored as a sparse file. Make the archive without the option --sparse of tar`);
    if (header.type === '0' || header.type === '\0')
      members.push({
        path: part.path,
        offset: part.offset + offset,
        bytes: header.bytes,
        name: header.name.replace(/^(?:\.\/)+/, ''),
        unpackedBytes: header.bytes,
        isDeflated: false,
      });
    at = offset + Math.ceil(header.bytes / blockBytes) * blockBytes;
  }
}

/** Reads a small file of an archive. @throws ArchiveError if it is too large */
export async function readMember(member: Member): Promise<string> {
  if (member.bytes > maxTextBytes)
    throw new ArchiveError(`expected at most ${maxTextBytes} bytes in ${member.name}, got ${member.bytes}`);
  await using file = await openRegular(member.path);
  return (await readPart(file, member, 0, member.bytes)).toString();
}

function headerOf(block: Buffer): Header {
  const text = (start: number, length: number): string => block.toString('utf8', start, start + length).replace(/\0.*$/s, '');
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (numberAt(block, 148, 8) !== sum) throw new ArchiveError('the archive is damaged. Download it again');
  const prefix = block.toString('latin1', 257, 262) === 'ustar' ? text(345, 155) : '';
  const name = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  return { name, bytes: numberAt(block, 124, 12), type: block.toString('latin1', 156, 157) };
}

/** Octal, or binary if the first bit is set. */
function numberAt(block: Buffer, start: number, length: number): number {
  const first = block[start] ?? 0;
  const number =
    (first & 0x80) === 0
      ? parseInt(
          block
            .toString('latin1', start, start + length)
            .replace(/[\0 ].*$/s, '')
            .trim() || '0',
          8,
        )
      : block.subarray(start + length - 8, start + length).readBigUInt64BE();
  const value = Number(number);
  if (!Number.isSafeInteger(value) || value < 0) throw new ArchiveError('the archive is damaged. Download it again');
  return value;
}

/** What an entry says about the next one: its long name (GNU), or its name and size (pax). */
async function additions(file: FileHandle, part: Part, offset: number, { type, bytes }: Header): Promise<Partial<Header>> {
  if (bytes > maxTextBytes) throw new ArchiveError('the archive is damaged. Download it again');
  const text = (await readPart(file, part, offset, bytes)).toString();
  if (type === 'L') return { name: text.replace(/\0.*$/s, '') };
  if (/^\d+ GNU\.sparse/m.test(text))
    throw new ArchiveError('it contains a sparse file. Make the archive without the option --sparse of tar');
  const name = /^\d+ path=(.*)$/m.exec(text)?.[1];
  const size = /^\d+ size=(\d{1,15})$/m.exec(text)?.[1];
  return { ...(name === undefined ? {} : { name }), ...(size === undefined ? {} : { bytes: Number(size) }) };
}
