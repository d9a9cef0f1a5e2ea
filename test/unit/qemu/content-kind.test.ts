// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentKind, type ContentKind } from '../../../src/qemu/unpack/content-kind.ts';
import { wholeFile } from '../../../src/qemu/unpack/part.ts';
import { writeBlankDisk } from '../../support/blank-disk.ts';
import { smallZip } from '../../support/small-zip.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-kind-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

async function kindOf(content: Buffer | string, isRaw = false): Promise<ContentKind> {
  const path = join(directory, 'file');
  await writeFile(path, content);
  return contentKind(await wholeFile(path, ''), isRaw);
}

async function tarOf(name: string): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name }, 'content');
  archive.finalize();
  return buffer(archive);
}

const disk = Buffer.alloc(4096, 'disk');
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

test('compressed files and archives are recognised by their content', async () => {
  expect(await kindOf(gzipSync(disk))).toEqual({ kind: 'compressed', by: 'gzip' });
  expect(await kindOf(latin1('\xfd7zXZ\0rest'))).toEqual({ kind: 'compressed', by: 'xz' });
  expect(await kindOf(zstdCompressSync(disk))).toEqual({ kind: 'compressed', by: 'zstd' });
  expect(await kindOf('BZh91AY')).toEqual({ kind: 'compressed', by: 'bzip2' });
  expect(await kindOf(smallZip({ a: 'a' }))).toEqual({ kind: 'zip' });
  expect(await kindOf(await tarOf('a'))).toEqual({ kind: 'tar' });
});

test('what alpy does not unpack is named, with the program that does', async () => {
  expect(await kindOf(latin1("7z\xbc\xaf'\x1crest"))).toEqual({
    kind: 'unsupported',
    text: 'it is a 7z archive. Unpack it with 7z x',
  });
  expect(await kindOf(latin1('\x04\x22\x4d\x18'))).toMatchObject({ kind: 'unsupported' });
});

test('a VHD has its mark at the start, or at the end if it has a fixed size', async () => {
  const footer = Buffer.alloc(512);
  footer.write('conectix');
  expect(await kindOf(Buffer.concat([footer, disk]))).toEqual({ kind: 'vhd' });
  expect(await kindOf(Buffer.concat([disk, footer]))).toEqual({ kind: 'vhd' });
});

test('a CD image that also begins like a bootable disk is hybrid', async () => {
  const iso = Buffer.alloc(40_960);
  iso.write('\x01CD001\x01', 0x8000, 'latin1');
  expect(await kindOf(iso)).toEqual({ kind: 'iso', isHybrid: false });
  iso.writeUInt16LE(0xaa55, 510);
  expect(await kindOf(iso)).toEqual({ kind: 'iso', isHybrid: true });
  expect(await kindOf(iso, true)).toEqual({ kind: 'other' });
});

test('any other file is left to QEMU', async () => {
  const blank = join(directory, 'blank');
  await writeBlankDisk(blank);
  expect(await contentKind(await wholeFile(blank, ''))).toEqual({ kind: 'other' });
  expect(await kindOf('<html>')).toEqual({ kind: 'other' });
  const sparse = join(directory, 'sparse');
  await writeFile(sparse, '');
  await truncate(sparse, 1_000_000);
  expect(await contentKind(await wholeFile(sparse, ''))).toEqual({ kind: 'other' });
});

test('a disk that the configuration calls raw is not looked into if it has a boot sector', async () => {
  const content = Buffer.concat([gzipSync(disk), Buffer.alloc(512)]).subarray(0, 512);
  expect(await kindOf(content, true)).toMatchObject({ kind: 'compressed' });
  content.writeUInt16LE(0xaa55, 510);
  expect(await kindOf(content, true)).toEqual({ kind: 'other' });
});
