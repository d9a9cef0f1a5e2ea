// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contentHash } from '../../../src/images/content-hash.ts';
import { packContext, readContext } from '../../../src/images/context.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'alpy-context-'));
  await mkdir(path.join(folder, 'sub'));
  await writeFile(path.join(folder, 'Dockerfile'), 'FROM scratch\n');
  await writeFile(path.join(folder, 'sub', 'run'), '#!/bin/sh\n');
  await chmod(path.join(folder, 'sub', 'run'), 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

const entry = { folder: 'one', purpose: 'p' };
const hash = async (baseId = 'sha256:1', of = entry): Promise<string> => contentHash(await readContext(folder), baseId, of);

test('the context has all files, sorted, without times and owners', async () => {
  const bytes = await buffer(packContext(await readContext(folder)));
  const tar = extract();
  tar.end(bytes);
  const entries: unknown[] = [];
  for await (const item of tar) {
    const { name, mode, mtime, uid, gid, uname } = item.header;
    entries.push({ name, mode, mtimeMs: mtime.getTime(), uid, gid, uname, content: (await buffer(item)).toString() });
  }
  const owner = { mtimeMs: 0, uid: 0, gid: 0, uname: '' };
  expect(entries).toEqual([
    { name: 'Dockerfile', mode: 0o644, ...owner, content: 'FROM scratch\n' },
    { name: 'sub/run', mode: 0o755, ...owner, content: '#!/bin/sh\n' },
  ]);
});

describe('the hash', () => {
  test('does not change with times', async () => {
    const before = await hash();
    await utimes(path.join(folder, 'Dockerfile'), 1, 1);
    expect(await hash()).toBe(before);
  });

  test.for<[string, () => Promise<void>]>([
    ['the content of a file', () => writeFile(path.join(folder, 'sub', 'run'), '#!/bin/ash\n')],
    ['a further file', () => writeFile(path.join(folder, 'empty'), '')],
    ['an executable bit', () => chmod(path.join(folder, 'sub', 'run'), 0o644)],
    ['a missing file', () => rm(path.join(folder, 'sub', 'run'))],
  ])('changes with %s', async ([, change]) => {
    const before = await hash();
    await change();
    expect(await hash()).not.toBe(before);
  });

  test('changes with the base image and the entry in the list', async () => {
    const hashes = [await hash(), await hash('sha256:2'), await hash('sha256:1', { ...entry, purpose: 'q' })];
    expect(new Set(hashes).size).toBe(3);
  });

  test('distinguishes the end of one file from the start of the next', () => {
    const files = (...contents: string[]): string =>
      contentHash(
        contents.map((content, index) => ({ name: String(index), mode: 0o644, content: Buffer.from(content) })),
        'b',
        entry,
      );
    expect(files('ab', 'c')).not.toBe(files('a', 'bc'));
  });
});
