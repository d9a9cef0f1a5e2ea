// SPDX-License-Identifier: GPL-3.0-or-later
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { extract, pack, type Pack } from 'tar-stream';
import { messageOf } from '../core/errors.ts';
import { openPlain, openRegular, replaceFile } from '../core/plain-file.ts';
import { SnapshotError } from './errors.ts';
import { fileName, recordFile } from './record.ts';
import type { Snapshot, SnapshotStore } from './store.ts';

/** Compression level: shrinks a guest's memory to about a third, at some 300 MB/s. */
const level = 3;
/** Most files in an archive; a snapshot has five. */
const maxFiles = 20;
/** Blocks of zeros become holes in files. */
const blockBytes = 65_536;

/**
 * Writes a snapshot to a file that can be carried to another machine.
 * @param file - path of the archive (tar, zstd); replaced atomically when complete
 * @throws SnapshotError when it cannot be written
 */
export async function saveArchive({ directory, record }: Snapshot, file: string, signal?: AbortSignal): Promise<void> {
  const archive = pack();
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } });
  try {
    const filled = fill(archive, directory, [recordFile, ...Object.keys(record.files)]);
    const compressed = pipeline(archive, compress, ...(signal ? [{ signal }] : []));
    const settled = await Promise.allSettled([replaceFile(file, compress), compressed, filled]);
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SnapshotError(`cannot save snapshot ${record.key} to ${file}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Reads a snapshot from a file of {@link saveArchive} into a store.
 * @throws SnapshotError when it is not a snapshot, is damaged, or does not fit
 */
export async function loadArchive(store: SnapshotStore, file: string, signal?: AbortSignal): Promise<Snapshot> {
  const draft = await store.begin(0);
  try {
    const reader = extract();
    let [count, bytesLeft] = [0, store.maxBytes];
    const spend = (bytes: number): void => {
      bytesLeft -= bytes;
      if (bytesLeft < 0) throw new Error(`it is larger than the store may become: raise snapshots.maxMiB`);
    };
    reader.on('entry', ({ name, type, size }, stream, next) => {
      stream.on('error', () => undefined); // the reader fails too, with the same error
      // the reader would wait forever for a file whose header has no valid size
      const isOurs = type === 'file' && ++count <= maxFiles && fileName.test(name) && Number.isSafeInteger(size);
      const taken = isOurs
        ? writeSparse(stream, join(draft, name), spend)
        : Promise.reject(new Error(`it holds ${JSON.stringify(name)}`));
      taken.then(
        () => {
          next();
        },
        (error: unknown) => {
          reader.destroy(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
    await using input = await openRegular(file);
    const content = input.createReadStream({ autoClose: false });
    await pipeline(content, createZstdDecompress(), reader, ...(signal ? [{ signal }] : []));
    return await store.adopt(draft);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new SnapshotError(`cannot load a snapshot from ${file}: ${messageOf(cause)}`, { cause });
  } finally {
    await store.discard(draft);
  }
}

async function fill(archive: Pack, directory: string, names: readonly string[]): Promise<void> {
  try {
    for (const name of names) {
      const path = join(directory, name);
      await using file = await openPlain(path, 'r');
      const { size } = await file.stat();
      const content = file.createReadStream({ highWaterMark: 1024 * 1024, autoClose: false });
      await pipeline(content, archive.entry({ name, size }));
    }
    archive.finalize();
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/**
 * Everybody may read the file, because QEMU's container runs as another user.
 * @param spend - gets the number of bytes before they are written; may throw
 */
async function writeSparse(stream: AsyncIterable<unknown>, path: string, spend: (bytes: number) => void): Promise<void> {
  await using file = await open(path, 'wx', 0o666);
  await file.chmod(0o666);
  let at = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Buffer;
    for (let from = 0; from < bytes.length; from += blockBytes) {
      const block = bytes.subarray(from, from + blockBytes);
      if (isZero(block)) continue;
      spend(block.length);
      await file.write(block, 0, block.length, at + from);
    }
    at += bytes.length;
  }
  await file.truncate(at);
}

const zeros = Buffer.alloc(blockBytes);

function isZero(block: Buffer): boolean {
  return block.equals(zeros.subarray(0, block.length));
}
