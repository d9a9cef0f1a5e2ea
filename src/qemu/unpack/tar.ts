// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { openRegular } from '../../core/plain-file.ts';
import { ArchiveError, maxMembers, type Member } from './member.ts';
import { readPart, type Part } from './part.ts';

const blockBytes = 512;
/** The largest description that is read, in `bytes`. */
const maxTextBytes = 1024 ** 2;

/**
 * Lists the regular files in a tar archive without reading their contents. Links and devices are skipped.
 * @param maxEntries - default: 10000
 * @throws ArchiveError if it is damaged, or has too many entries
 */
export async function listTar(part: Part, maxEntries = maxMembers): Promise<readonly Member[]> {
  await using file = await openRegular(part.path);
  const members: Member[] = [];
  let at = 0;
  for (let count = 0; await hasEntry(file, part, at); count += 1) {
    if (count === maxEntries) throw new ArchiveError(`expected at most ${maxEntries} entries in the archive, got more`);
    const { header, contentOffset: offset } = await entryAt(file, part, at);
    const { name, size: bytes } = header;
    if (bytes > part.bytes - offset)
      throw new ArchiveError(`the archive ends within ${name}. Was its copy or download cut short?`);
    if (isSparse(header))
      throw new ArchiveError(`${name} is stored as a sparse file. Make the archive without the option --sparse of tar`);
    if (header.type === 'file')
      members.push({
        path: part.path,
        offset: part.offset + offset,
        bytes,
        name: name.replace(/^(?:\.\/)+/, ''),
        unpackedBytes: bytes,
        isDeflated: false,
      });
    at = offset + Math.ceil(bytes / blockBytes) * blockBytes;
  }
  return members;
}

/** Reads a small file of an archive. @throws ArchiveError if it is too large */
export async function readMember(member: Member): Promise<string> {
  if (member.bytes > maxTextBytes)
    throw new ArchiveError(`expected at most ${maxTextBytes} bytes in ${member.name}, got ${member.bytes}`);
  await using file = await openRegular(member.path);
  return (await readPart(file, member, 0, member.bytes)).toString();
}

/** An archive ends with a block of zeros, or with the file. */
async function hasEntry(file: FileHandle, part: Part, at: number): Promise<boolean> {
  return (await readPart(file, part, at, blockBytes)).some((byte) => byte !== 0);
}

interface Entry {
  readonly header: Header;
  /** where its content begins in the archive */
  readonly contentOffset: number;
}

/** Reads little more than the header, so that the contents of large files are not read to list them. */
async function entryAt(file: FileHandle, part: Part, at: number): Promise<Entry> {
  const source = Readable.from(blocksFrom(file, part, at), { highWaterMark: 1 });
  const reader = extract();
  source.on('error', (error) => {
    reader.destroy(error);
  });
  try {
    for await (const { header, offset } of source.pipe(reader)) return { header, contentOffset: at + offset + blockBytes };
  } catch (error) {
    throw new ArchiveError('the archive is damaged. Download it again', { cause: error });
  } finally {
    source.destroy();
  }
  throw new ArchiveError('the archive is damaged. Download it again');
}

async function* blocksFrom(file: FileHandle, part: Part, start: number): AsyncGenerator<Buffer> {
  for (let at = start; at < part.bytes; at += blockBytes) yield readPart(file, part, at, blockBytes);
}

/** tar-stream has no type for the old kind of sparse file. Its declarations do not say so. */
function isSparse({ type, size, pax }: Header): boolean {
  return (
    ((type as Header['type'] | null) === null && size > 0) || Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse.'))
  );
}
