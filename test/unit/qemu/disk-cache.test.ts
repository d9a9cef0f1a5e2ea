// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DiskCache, type DiskCacheKey } from '../../../src/qemu/disk-cache.ts';
import type { DiskImage } from '../../../src/qemu/disk-image.ts';
import { identify } from '../../../src/qemu/file-identity.ts';

/** A cache that knows an overlay and its base. */
async function setUp(): Promise<{ cache: DiskCache; file: string; key: DiskCacheKey; disk: DiskImage; base: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-disk-cache-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [path, base, file] = [join(directory, 'overlay.qcow2'), join(directory, 'base.qcow2'), join(directory, 'cache.json')];
  for (const one of [path, base]) await writeFile(one, 'content');
  const files = await Promise.all([path, base].map(identify));
  const disk: DiskImage = { path, format: 'qcow2', virtualBytes: 512, files, qemuVersion: '10.0.13', firmware: 'ab' };
  const key = { path, expected: 'auto', imageId: 'sha256:1' } as const;
  const cache = new DiskCache(file);
  await cache.add(key, disk);
  return { cache, file, key, disk, base };
}

test('an unchanged disk is found, also by another process', async () => {
  const { file, key, disk } = await setUp();
  expect(await new DiskCache(file).find(key)).toEqual(disk);
});

test('a disk is inspected again by another QEMU, or as another format', async () => {
  const { cache, key } = await setUp();
  expect(await cache.find({ ...key, imageId: 'sha256:2' })).toBeUndefined();
  expect(await cache.find({ ...key, expected: 'raw' })).toBeUndefined();
});

test.for(['overlay', 'base'])('a disk is inspected again if its %s was replaced by a file of the same size', async (which) => {
  const { cache, key, base } = await setUp();
  const changed = which === 'base' ? base : key.path;
  await writeFile(`${changed}.new`, 'CONTENT');
  await rename(`${changed}.new`, changed);
  expect(await cache.find(key)).toBeUndefined();
});

test('a damaged cache is an empty one', async () => {
  const { cache, file, key, disk } = await setUp();
  await writeFile(file, '{"');
  expect(await cache.find(key)).toBeUndefined();
  await cache.add(key, disk);
  expect(await cache.find(key)).toEqual(disk);
});
