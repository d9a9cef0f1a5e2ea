// SPDX-License-Identifier: GPL-3.0-or-later
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { extract, pack } from 'tar-stream';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import type { Engine } from './engine.ts';

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
 * @throws EnvironmentError if a file cannot be read
 * @throws ContainerError if the daemon refuses
 */
export async function writeFiles(
  engine: Engine,
  container: Docker.Container,
  name: string,
  files: readonly ContainerFile[],
  signal?: AbortSignal,
): Promise<void> {
  const archive = pack();
  let failure: { readonly error: unknown } | undefined;
  // If one side fails, the other would wait forever, so it is made to fail too. Only the first error is reported.
  const fail = (error: unknown): never => {
    failure ??= { error };
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  };
  const filled = fill(archive, files).catch(fail);
  const sent = engine
    .call(`copy files to ${name}`, signal, () => container.putArchive(archive as unknown as NodeJS.ReadableStream, { path: '/' }))
    .catch(fail);
  await Promise.allSettled([filled, sent]);
  if (failure) throw failure.error;
}

/** Copies a file, or all files of a folder, out of a container. The keys are paths relative to the parent of `path`. */
export async function readFiles(
  engine: Engine,
  container: Docker.Container,
  name: string,
  path: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  const archive = (await engine.call(`read ${path} of ${name}`, signal, () => container.getArchive({ path }))) as Readable;
  const files = new Map<string, Buffer>();
  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    buffer(stream).then(
      (content) => {
        if (header.type === 'file') files.set(header.name, content);
        next();
      },
      (error: unknown) => {
        reader.destroy(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
  await pipeline(archive, reader, ...(signal ? [{ signal }] : []));
  return files;
}

async function fill(archive: ReturnType<typeof pack>, files: readonly ContainerFile[]): Promise<void> {
  for (const { path, content, mode = 0o644 } of files) {
    const name = posix.relative('/', posix.resolve('/', path));
    if (typeof content === 'string' || content instanceof Uint8Array) {
      archive.entry({ name, mode }, Buffer.from(content));
      continue;
    }
    try {
      const { size } = await stat(content.file);
      if (size < 1024 * 1024) archive.entry({ name, mode }, await readFile(content.file));
      else await pipeline(createReadStream(content.file), archive.entry({ name, mode, size }));
    } catch (cause) {
      throw new EnvironmentError(`cannot read ${content.file} to copy it to ${path}: ${messageOf(cause)}`, { cause });
    }
  }
  archive.finalize();
}
