// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recogniseWrapping } from '../../../src/qemu/disk-wrapping.ts';
import { writeBlankDisk } from '../../support/blank-disk.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-wrapping-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** What is found wrong with a file, with `DIR` for its folder. */
async function problemOf(name: string, content: Buffer | string, isRaw = false): Promise<string | undefined> {
  const path = join(directory, name);
  await writeFile(path, content);
  return (await recogniseWrapping(path, isRaw))?.replaceAll(directory, 'DIR');
}

async function tarOf(names: readonly string[]): Promise<Buffer> {
  const archive = pack();
  for (const name of names) archive.entry({ name }, Buffer.alloc(700, name));
  archive.finalize();
  return buffer(archive);
}

const disk = Buffer.alloc(4096, 'disk');

test.each([
  [
    'a.qcow2.gz',
    gzipSync(disk),
    'it is compressed by gzip. Unpack it: gunzip -k DIR/a.qcow2.gz, and set appliance.image to DIR/a.qcow2',
  ],
  [
    'a.img',
    gzipSync(disk),
    'it is compressed by gzip. Unpack it: gunzip -c <DIR/a.img >DIR/a.img.unpacked, and set appliance.image to DIR/a.img.unpacked',
  ],
  [
    'a.tgz',
    gzipSync(disk),
    'it is compressed by gzip. Unpack it: tar xf DIR/a.tgz -C DIR, and set appliance.image to the disk in it',
  ],
  [
    'my a.qcow2.xz',
    Buffer.from('\xfd7zXZ\0rest', 'latin1'),
    "it is compressed by xz. Unpack it: unxz -k 'DIR/my a.qcow2.xz', and set appliance.image to DIR/my a.qcow2",
  ],
  ['a.zst', zstdCompressSync(disk), 'it is compressed by zstd. Unpack it: unzstd -k DIR/a.zst, and set appliance.image to DIR/a'],
  [
    'a.bz2',
    Buffer.from('BZh91AY'),
    'it is compressed by bzip2. Unpack it: bunzip2 -k DIR/a.bz2, and set appliance.image to DIR/a',
  ],
  [
    'a.zip',
    Buffer.from('PK\x03\x04rest', 'latin1'),
    'it is a zip archive. Unpack it: unzip DIR/a.zip -d DIR, and set appliance.image to the disk in it',
  ],
  [
    'a.7z',
    Buffer.from("7z\xbc\xaf'\x1crest", 'latin1'),
    'it is a 7z archive. Unpack it: 7z x DIR/a.7z -oDIR, and set appliance.image to the disk in it',
  ],
])('%s: the error names the compression and the commands to unpack it', async (name, content, expected) => {
  expect(await problemOf(name, content)).toBe(expected);
});

test('an OVA archive: the error says how to extract and convert its disk', async () => {
  const expected =
    'it is an OVA archive. Take the disk out of it: tar xf DIR/vm.ova -C DIR && qemu-img convert -O qcow2 DIR/vm-disk1.vmdk DIR/vm.qcow2, and set appliance.image to DIR/vm.qcow2';
  expect(await problemOf('vm.ova', await tarOf(['vm.ovf', 'vm.mf', 'vm-disk1.vmdk']))).toBe(expected);
  expect(await problemOf('a.tar', await tarOf(['readme', 'disk.img']))).toBe(
    'it is a tar archive. Unpack it: tar xf DIR/a.tar -C DIR, and set appliance.image to the disk in it',
  );
});

test('a VHD image has to be converted, unless it has a fixed size and a boot sector', async () => {
  const convert =
    'it is a VHD image. Convert it: qemu-img convert -f vpc -O qcow2 DIR/a.vhd DIR/a.qcow2, and set appliance.image to DIR/a.qcow2';
  const footer = Buffer.alloc(512);
  footer.write('conectix');
  expect(await problemOf('a.vhd', Buffer.concat([footer, disk]))).toBe(convert);
  expect(await problemOf('a.vhd', Buffer.concat([disk, footer]))).toBe(convert);
  const bootable = Buffer.from(disk);
  bootable.writeUInt16LE(0xaa55, 510);
  expect(await problemOf('a.vhd', Buffer.concat([bootable, footer]))).toBeUndefined();
});

test('a CD image needs a disk beside it, unless it boots as a disk', async () => {
  const iso = Buffer.alloc(40_960);
  iso.write('\x01CD001\x01', 0x8000, 'latin1');
  expect(await problemOf('live.iso', iso)).toBe(
    `it is a CD image (ISO 9660), not a disk. To boot it as a CD, make a disk beside it: qemu-img create -f qcow2 DIR/live.disk.qcow2 8G. Then set appliance.image to DIR/live.disk.qcow2, and appliance.qemuArgs to ['-cdrom', '/alpy/image/live.iso']`,
  );
  iso.writeUInt16LE(0xaa55, 510);
  expect(await problemOf('hybrid.iso', iso)).toBeUndefined();
});

test('any other file is left to QEMU', async () => {
  const blank = join(directory, 'blank');
  await writeBlankDisk(blank);
  expect(await recogniseWrapping(blank, false)).toBeUndefined();
  expect(await problemOf('page', '<html>')).toBeUndefined();
  const sparse = join(directory, 'sparse');
  await writeFile(sparse, '');
  await truncate(sparse, 1_000_000);
  expect(await recogniseWrapping(sparse, false)).toBeUndefined();
});

test('format raw accepts any content that has a boot sector', async () => {
  const content = Buffer.concat([gzipSync(disk), Buffer.alloc(512)]).subarray(0, 512);
  expect(await problemOf('raw', content, true)).toContain('compressed by gzip');
  content.writeUInt16LE(0xaa55, 510);
  expect(await problemOf('raw', content, true)).toBeUndefined();
});
