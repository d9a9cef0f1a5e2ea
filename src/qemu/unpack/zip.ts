// SPDX-License-Identifier: GPL-3.0-or-later
import type { FileHandle } from 'node:fs/promises';
import { fromRandomAccessReaderPromise, getFileNameLowLevel, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { codeOf, messageOf } from '../../core/errors.ts';
import { openRegular } from '../../core/plain-file.ts';
import { ArchiveError, maxMembers, type Member } from './member.ts';
import { readPart, type Part } from './part.ts';

/** Compression methods. */
const methods = { stored: 0, deflated: 8 } as const;
const adviceToUnpack = 'Unpack it, and set appliance.image to the disk in it';

/**
 * Lists the files in a zip archive.
 * @throws ArchiveError if it is damaged, has too many files, or one that is encrypted or compressed in another way than by deflate
 */
export async function listZip(part: Part): Promise<readonly Member[]> {
  await using file = await openRegular(part.path);
  try {
    // names stay bytes: yauzl would refuse those that would be dangerous as paths, which they are not here
    const zip = await fromRandomAccessReaderPromise(new PartReader(file, part), part.bytes, { decodeStrings: false });
    // yauzl reads no more entries than this
    if (zip.entryCount > maxMembers) throw new ArchiveError(`expected at most ${maxMembers} files in the archive, got more`);
    const members: Member[] = [];
    for await (const entry of zip.eachEntry()) {
      const name = nameOf(entry);
      if (!name.endsWith('/')) members.push(await memberOf(part, zip, entry, name));
    }
    return members;
  } catch (error) {
    throw explain(error);
  }
}

type OnRead = (error: Error | null, bytesRead?: number) => void;

/** Reads from a part of a file, because the archive may be within another one. */
class PartReader extends RandomAccessReader {
  readonly #file: FileHandle;
  readonly #part: Part;

  constructor(file: FileHandle, part: Part) {
    super();
    this.#file = file;
    this.#part = part;
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: OnRead): void {
    readPart(this.#file, this.#part, position, length).then((data) => {
      callback(null, data.copy(buffer, offset));
    }, callback);
  }
}

function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
}

async function memberOf(part: Part, zip: ZipFile, entry: Entry, name: string): Promise<Member> {
  const { compressionMethod, compressedSize: bytes, uncompressedSize: unpackedBytes } = entry;
  if (entry.isEncrypted()) throw new ArchiveError(`${name} in the zip archive is encrypted. ${adviceToUnpack}`);
  if (compressionMethod !== methods.stored && compressionMethod !== methods.deflated)
    throw new ArchiveError(
      `expected ${name} in the zip archive to be stored or deflated, got compression method ${compressionMethod}. ${adviceToUnpack}`,
    );
  const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
  const isDeflated = compressionMethod === methods.deflated;
  return { path: part.path, offset: part.offset + fileDataStart, bytes, name, unpackedBytes, isDeflated };
}

/** The errors of yauzl have no codes. */
function explain(error: unknown): unknown {
  if (error instanceof ArchiveError || codeOf(error) !== undefined) return error;
  const reason = messageOf(error);
  if (reason.startsWith('End of central directory record signature not found'))
    return new ArchiveError('the zip archive has no end. Was its copy or download cut short?', { cause: error });
  return new ArchiveError(
    reason.includes('not supported')
      ? `${reason}. ${adviceToUnpack}`
      : `the zip archive is damaged (${reason}). Download it again`,
    { cause: error },
  );
}
