// SPDX-License-Identifier: GPL-3.0-or-later
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { extract, pack, type Header } from 'tar-stream';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { openRegular } from '../core/plain-file.ts';
import type { Engine } from './engine.ts';
import { ContainerError } from './errors.ts';

/** A file to copy into a container. */
export interface ContainerFile {
  /** absolute path in the container; missing folders are created */
  readonly path: string;
  /** the content, or the path of a file on this machine */
  readonly content: string | Uint8Array | { readonly file: string };
  /** permissions; default 0o644 */
  readonly mode?: number | undefined;
}

/**
 * Copies files into a container, which need not run.
 * @param folder - an existing folder that contains all of them
 * @throws EnvironmentError if a file cannot be read
 * @throws ContainerError if the daemon refuses
 */
export async function writeFiles(
  engine: Engine,
  container: Docker.Container,
  name: string,
  files: readonly ContainerFile[],
  signal?: AbortSignal,
  folder = '/',
): Promise<void> {
  const archive = pack();
  archive.on('error', () => undefined); // `fail` keeps it; nothing reads the archive yet, or not any more
  let failure: { readonly error: unknown } | undefined;
  // If one side fails, the other would wait forever, so it is made to fail too. Only the first error is reported.
  const fail = (error: unknown): never => {
    failure ??= { error };
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  };
  const filled = fill(archive, files, folder).catch(fail);
  const sent = engine
    .call(`copy files to ${name}`, signal, () =>
      container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: folder }),
    )
    .catch(fail);
  await Promise.allSettled([filled, sent]);
  if (failure) throw failure.error;
}

/** What is accepted from a container, which may put anything into its files. */
export interface ReadLimits {
  /** default: 1000 */
  readonly entries?: number;
  /** size of all files together, in `bytes` */
  readonly bytes: number;
}

/**
 * Copies a file, or the files in a folder but not in its subfolders, out of a container. Skips links and special files.
 * @throws ContainerError if the daemon refuses, the answer is damaged, or there is more than the limits allow
 * @throws what `take` throws
 */
export async function readFiles(
  engine: Engine,
  container: Docker.Container,
  { name, path, limits, take }: ReadRequest,
  signal?: AbortSignal,
): Promise<void> {
  const { entries = 1000, bytes } = limits;
  const archive = (await engine.call(`read ${path} of ${name}`, signal, () => container.getArchive({ path }))) as Readable;
  const tooMuch = (what: string): Error =>
    new ContainerError(`cannot read ${path} of ${name}: expected at most ${what}, got more`);
  const reader = extract();
  let [count, total] = [0, 0];
  let refusal: { readonly error: unknown } | undefined;
  let isDamaged = false;
  const takeEntry = async ({ type, name: entryName, size }: Header, content: AsyncIterable<unknown>): Promise<void> => {
    // the reader would wait forever for a file whose header has no valid size
    if (!Number.isSafeInteger(size)) throw new ContainerError(`cannot read ${path} of ${name}: ${entryName} has no valid size`);
    total += size;
    if (++count > entries) throw tooMuch(`${entries} files`);
    if (total > bytes) throw tooMuch(`${bytes} bytes`);
    const parts = entryName.split('/');
    const last = parts.at(-1) ?? '';
    if (type === 'file' && parts.length <= 2 && !['', '.', '..'].includes(last)) await take(last, content);
  };
  reader.on('entry', (header, stream, next) => {
    stream.on('error', () => (isDamaged ||= refusal === undefined)); // the reader fails too, with the same error
    takeEntry(header, stream).then(
      () => {
        stream.resume(); // what was not taken
        next();
      },
      (error: unknown) => {
        if (!isDamaged) refusal ??= { error };
        reader.destroy(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
  await pipeline(archive, reader, ...(signal ? [{ signal }] : [])).catch((cause: unknown) => {
    if (refusal) throw refusal.error;
    signal?.throwIfAborted();
    throw new ContainerError(`cannot read ${path} of ${name}: ${messageOf(cause)}`, { cause });
  });
}

/** Gets the name of a file, without folders, and its content; need not read it. */
export type TakeFile = (name: string, content: AsyncIterable<unknown>) => Promise<void>;

/** See {@link readFiles}. */
export interface ReadRequest {
  /** name of the container in messages */
  readonly name: string;
  readonly path: string;
  readonly limits: ReadLimits;
  readonly take: TakeFile;
}

async function fill(archive: ReturnType<typeof pack>, files: readonly ContainerFile[], folder: string): Promise<void> {
  for (const { path, content, mode = 0o644 } of files) {
    const name = posix.relative(folder, posix.resolve('/', path));
    if (typeof content === 'string' || content instanceof Uint8Array) {
      archive.entry({ name, mode }, Buffer.from(content));
      continue;
    }
    try {
      await using file = await openRegular(content.file);
      const { size } = await file.stat();
      if (size < 1024 * 1024) archive.entry({ name, mode }, await file.readFile());
      else await pipeline(file.createReadStream({ end: size - 1, autoClose: false }), archive.entry({ name, mode, size }));
    } catch (cause) {
      throw new EnvironmentError(`cannot read ${content.file} to copy it to ${path}: ${messageOf(cause)}`, { cause });
    }
  }
  archive.finalize();
}
