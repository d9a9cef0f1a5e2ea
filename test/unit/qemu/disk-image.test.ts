// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findDiskFile, judgeDisk, type DiskReport } from '../../../src/qemu/disk-image.ts';
import { writeBlankDisk } from '../../support/blank-disk.ts';

let directory: string;
let file: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-disk-'));
  file = join(directory, 'disk');
  await writeFile(file, '');
  await truncate(file, 200_000);
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

const report = (info: object, check?: object, errors = ''): DiskReport => ({
  info: JSON.stringify([info]),
  qemuVersion: '10.0.13',
  firmware: 'f00d',
  check: check ? JSON.stringify(check) : '',
  errors,
});
const qcow2 = { format: 'qcow2', 'virtual-size': 1_000_000, 'cluster-size': 65_536 };

test('a file that is missing, empty, a folder or unreadable is refused', async () => {
  const message = (path: string): Promise<unknown> => findDiskFile(path).then(String, String);
  const empty = join(directory, 'empty');
  await writeFile(empty, '');
  expect(await message(join(directory, 'none'))).toMatch(
    /none: there is no such file\. Build it first, or correct appliance\.image$/,
  );
  expect(await message(empty)).toMatch(/empty: the file is empty: did its build or download fail\?$/);
  expect(await message(directory)).toMatch(/it is not a file$/);
  expect(await message(file)).toBe('undefined');
  if (process.getuid?.() === 0) return; // root may read everything
  const secret = join(directory, 'secret');
  await writeFile(secret, 'x');
  await chmod(secret, 0);
  expect(await message(secret)).toMatch(/this user may not read it$/);
});

test('a good image is described', async () => {
  expect(await judgeDisk(file, 'auto', report(qcow2, { 'image-end-offset': 200_000 }))).toEqual({
    path: file,
    format: 'qcow2',
    virtualBytes: 1_000_000,
    qemuVersion: '10.0.13',
    firmware: 'f00d',
    files: [{ path: file, bytes: 200_000, stamp: expect.stringMatching(/^\d+ \d+ \d+ \d+$/) as string }],
  });
  // a compressed image need not fill its last cluster
  expect(await judgeDisk(file, 'qcow2', report(qcow2, { 'image-end-offset': 262_144 }))).toMatchObject({ format: 'qcow2' });
});

test('the files of an image include all that hold a part of it', async () => {
  await mkdir(join(directory, 'sub'));
  for (const name of ['sub/base', 'flat', 'data', 'own']) await writeFile(join(directory, name), name);
  const seen = (name: string): object => ({ filename: `/alpy/image/${name}` });
  const chain = [
    { ...qcow2, ...seen('disk'), children: [{ name: 'file', info: seen('disk') }] },
    {
      format: 'vmdk',
      ...seen('sub/base'),
      children: [
        { name: 'file', info: seen('sub/base') },
        { name: 'extents.0', info: seen('flat') },
      ],
    },
    { ...qcow2, ...seen('own'), 'format-specific': { data: { 'data-file': 'data' } } },
  ];
  const { files } = await judgeDisk(file, 'auto', { ...report({}), info: JSON.stringify(chain) });
  expect(files.map(({ path }) => relative(directory, path)).sort()).toEqual(['data', 'disk', 'flat', 'own', 'sub/base']);
  const remote = [qcow2, { ...qcow2, filename: 'nbd://host/disk' }];
  await expect(judgeDisk(file, 'auto', { ...report({}), info: JSON.stringify(remote) })).rejects.toThrow(
    /it needs nbd:\/\/host\/disk, which is not a plain file\. Convert it: qemu-img convert -O qcow2 /,
  );
});

test('an image that is truncated or damaged is refused', async () => {
  await expect(judgeDisk(file, 'auto', report(qcow2, { 'image-end-offset': 327_680 }))).rejects.toThrow(
    'it is truncated: 200000 bytes of 327680. Was its copy or download cut short?',
  );
  await expect(judgeDisk(file, 'auto', report(qcow2, { 'image-end-offset': 1, corruptions: 3 }))).rejects.toThrow(
    /qemu-img check finds 3 corruptions/,
  );
  await expect(judgeDisk(file, 'auto', { ...report(qcow2), check: 'no json', errors: 'I/O error' })).rejects.toThrow(
    'QEMU cannot check it: I/O error',
  );
  await expect(judgeDisk(file, 'auto', { ...report({}), info: '', errors: 'Could not open\n' })).rejects.toThrow(
    'QEMU cannot read it: Could not open',
  );
});

test('an image of an unsupported format, or of another than the configured one, is refused', async () => {
  await expect(judgeDisk(file, 'vmdk', report(qcow2))).rejects.toThrow('appliance.format says vmdk, but the file is qcow2');
  await expect(judgeDisk(file, 'auto', report({ format: 'parallels' }))).rejects.toThrow('its format is parallels, but only');
  expect(await judgeDisk(file, 'raw', report(qcow2))).toMatchObject({ format: 'raw', virtualBytes: 200_192 }); // a raw disk whose content looks like another
});

test('a raw disk needs a boot sector, unless the configuration says that it is raw', async () => {
  const blank = join(directory, 'blank');
  await writeBlankDisk(blank);
  const raw = report({ format: 'raw', 'virtual-size': 1_048_576 });
  expect(await judgeDisk(blank, 'auto', raw)).toMatchObject({ format: 'raw', virtualBytes: 1_048_576 });
  await expect(judgeDisk(file, 'auto', raw)).rejects.toThrow(/it is not a disk image: .* set appliance\.format to raw/);
  expect(await judgeDisk(file, 'raw', raw)).toMatchObject({ format: 'raw' });
});
