// SPDX-License-Identifier: GPL-3.0-or-later
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import fc from 'fast-check';
import { extract, pack } from 'tar-stream';
import { expect } from 'vitest';
import type { Engine } from '../../../src/docker/engine.ts';
import { readFiles, writeFiles } from '../../../src/docker/files.ts';
import { allowingErrors, anyText, brokenBytes, fuzz, inPieces } from '../../support/fuzz.ts';

/** Calls the container directly. */
const engine = { call: (_what: string, _signal: unknown, body: () => Promise<unknown>) => body() } as unknown as Engine;

async function read(pieces: readonly Buffer[]): Promise<ReadonlyMap<string, Buffer>> {
  const container = { getArchive: () => Promise.resolve(Readable.from(pieces.filter((piece) => piece.length > 0))) };
  const files = new Map<string, Buffer>();
  const take = async (name: string, content: AsyncIterable<unknown>): Promise<void> => {
    files.set(name, await buffer(content as AsyncIterable<Buffer>));
  };
  await readFiles(engine, container as unknown as Docker.Container, { name: 'node0', path: '/x', limits: { bytes: 1e6 }, take });
  return files;
}

const mtime = new Date(0);

async function tarOf(files: readonly (readonly [name: string, content: string])[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name, mtime }, content);
  archive.entry({ name: 'x/link', mtime, type: 'symlink', linkname: '/etc/passwd' });
  archive.finalize();
  return await buffer(archive);
}

const tar = await tarOf([
  ['x/a', 'text'],
  ['x/b', ''],
  ['x/c', 'c'.repeat(1000)],
]);
const noSize = Buffer.from(tar);
noSize.set([0xf0, 0, 1], 124);
noSize.write('        ', 148);
noSize.write(
  noSize
    .subarray(0, 512)
    .reduce((sum, byte) => sum + byte, 0)
    .toString(8)
    .padStart(6, '0'),
  148,
);

fuzz(
  'an archive of a container is read or refused, in whatever pieces it arrives',
  [inPieces(brokenBytes(tar))],
  async ({ whole, pieces }) => {
    const [one, other] = [await allowingErrors(() => read([whole])), await allowingErrors(() => read(pieces))];
    expect(other).toEqual(one);
  },
  { runs: 60, examples: [[{ whole: noSize, pieces: [noSize] }]] },
);

const name = fc.stringMatching(/^[a-z][a-z/.ä-ü]{0,150}$/);

fuzz(
  'files are copied into a container as they are, and come out the same',
  [fc.dictionary(name, anyText)],
  async (files) => {
    let sent: Promise<Buffer> | undefined;
    const container = {
      putArchive: async (stream: NodeJS.ReadableStream) => {
        sent = buffer(stream);
        await sent;
      },
    };
    const byPath = new Map(Object.entries(files).map(([path, content]) => [posix.resolve('/', path), content])); // `p` and `p/` are one
    const contents = [...byPath].map(([path, content]) => ({ path, content }));
    await writeFiles(engine, container as unknown as Docker.Container, 'node0', contents);
    const copied = new Map<string, string>();
    const reader = extract().on('entry', (header, stream, next) => {
      void buffer(stream).then((content) => {
        copied.set(header.name, content.toString());
        next();
      });
    });
    await pipeline(Readable.from([(await sent) ?? Buffer.alloc(0)]), reader);
    for (const one of copied.keys()) expect(one).not.toMatch(/^\/|(^|\/)\.\.(\/|$)/);
    expect([...copied.values()].sort()).toEqual(contents.map(({ content }) => content.toWellFormed()).sort());
  },
  { runs: 40, examples: [[{ 'p/': 'a', p: '' }]] },
);
