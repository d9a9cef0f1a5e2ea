// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { createGunzip, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { raceWithSignal } from '../../core/deadline.ts';
import { codeOf, EnvironmentError, messageOf } from '../../core/errors.ts';
import { markHandled } from '../../core/mark-handled.ts';
import { Container, helperLimits, type Engine } from '../../docker/index.ts';
import { ArchiveError } from './member.ts';
import type { Part } from './part.ts';
import type { SparseFile } from './sparse-file.ts';

/** How a part is turned into the content of a file. */
export type Decoding = 'copy' | 'deflate' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

/** Where programs that decompress run. */
export interface DecompressPlace {
  readonly engine: Engine;
  /** the `qemu` image */
  readonly image: string;
}

/** Programs of the `qemu` image. The limit keeps a hostile file from using much memory. */
const programs = { xz: 'xz -dcq --memlimit-decompress=192MiB', bzip2: 'bzip2 -dcq' } as const;
const decompressMemoryMiB = 256;
const chunkBytes = 1024 ** 2;
/** How long the program may take to end after its input, in `ms`. */
const exitTimeoutMs = 60_000;

/**
 * Unpacks a part into a file.
 * @param onRead - called with the number of bytes that were read
 * @throws ArchiveError if it is damaged or cut short, or what the file throws
 */
export async function decompress(
  part: Part,
  decoding: Decoding,
  target: SparseFile,
  place: DecompressPlace,
  onRead: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const source = createReadStream(part.path, {
    start: part.offset,
    end: Math.max(part.offset, part.offset + part.bytes - 1),
    highWaterMark: chunkBytes,
  });
  source.on('data', (chunk) => {
    onRead(chunk.length);
  });
  source.pause();
  const write = async (content: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of content) await target.write(chunk);
  };
  try {
    if (decoding === 'xz' || decoding === 'bzip2')
      await inContainer(source, part.bytes, programs[decoding], place, write, signal);
    else await here(source, decoding, write, signal);
  } catch (error) {
    throw explain(error);
  } finally {
    source.destroy();
  }
  await target.finish();
}

async function here(
  source: Readable,
  decoding: 'copy' | 'deflate' | 'gzip' | 'zstd',
  write: (content: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const options = { signal };
  const settings = { chunkSize: chunkBytes };
  switch (decoding) {
    case 'copy':
      return pipeline(source, write, options);
    case 'deflate':
      return pipeline(source, createInflateRaw(settings), write, options);
    case 'gzip':
      return pipeline(source, createGunzip(settings), write, options);
    case 'zstd':
      return pipeline(source, createZstdDecompress(settings), write, options);
  }
}

/** The container sees no file of this machine: it gets the part on its standard input. */
async function inContainer(
  source: Readable,
  bytes: number,
  program: string,
  { engine, image }: DecompressPlace,
  write: (content: AsyncIterable<Buffer>) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using container = await Container.start(
    engine,
    {
      name: 'disk-unpack',
      image,
      // head: the program sees the end of its input although the connection stays open
      entrypoint: ['sh', '-c', `head -c "$1" | ${program}`, 'sh'],
      command: [String(bytes)],
      user: '65534:65534',
      networkMode: 'bare',
      dropAllCapabilities: true,
      ...helperLimits,
      memoryMiB: decompressMemoryMiB,
    },
    signal,
  );
  container.expectExit();
  const problem = text(container.stderr);
  markHandled(problem);
  const ended = container.exited.then(() => undefined);
  const fed = feed(source, container.stdin, ended);
  markHandled(fed);
  await raceWithSignal(write(container.stdout), signal);
  const status = await container.waitForExit({ timeoutMs: exitTimeoutMs, signal });
  if (status.code === 127)
    throw new EnvironmentError(
      `expected ${program} in the container image ${image}, got none. Run alpy images build, or pull it again`,
    );
  if (status.code !== 0) throw new ArchiveError(reasonOf(await problem));
  await fed;
}

/** Sends everything, unless the program ends before. */
export async function feed(source: AsyncIterable<Buffer>, stdin: Duplex, ended: Promise<void>): Promise<void> {
  stdin.on('error', () => undefined); // the program has ended, and its exit status shows why
  const isOver = Promise.race([new Promise<void>((resolve) => stdin.once('close', resolve)), ended]);
  for await (const chunk of source) {
    if (!stdin.writable) return;
    if (!stdin.write(chunk)) await Promise.race([once(stdin, 'drain'), isOver]);
  }
}

function explain(error: unknown): unknown {
  const code = codeOf(error);
  if (code === 'Z_BUF_ERROR' || code === 'ZSTD_error_srcSize_wrong') return new ArchiveError(reasonOf('unexpected end'));
  return code?.startsWith('Z_') === true || code?.startsWith('ZSTD_') === true
    ? new ArchiveError(reasonOf(messageOf(error)))
    : error;
}

function reasonOf(problem: string): string {
  if (/unexpected end|ends unexpectedly/i.test(problem))
    return 'expected more compressed data, got the end of the file. Was its copy or download cut short?';
  return `its compressed data is damaged (${problem.trim().split('\n').at(-1) ?? 'no reason given'}). Copy or download it again`;
}
