// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copiesOf, inspectFiles, keyPlacesOf, mountsOf, placesOf } from '../../../src/qemu/appliance-files.ts';
import { assertNamedReadable } from '../../../src/qemu/readable.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-files-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test('QEMU sees each file in a folder of its own, with its other parts at the same places relative to it', () => {
  const part = (path: string): { path: string; bytes: number; stamp: string } => ({ path, bytes: 1, stamp: '' });
  const files = [
    { key: 'kernel', path: '/boot/vmlinuz', parts: [part('/boot/vmlinuz-6.12')] },
    { key: 'qemuArgs', path: '/disks/overlay', parts: [part('/disks/overlay'), part('/disks/base/disk')] },
  ];
  expect(mountsOf(files)).toEqual([
    { source: '/boot/vmlinuz-6.12', target: '/alpy/files/0/vmlinuz-6.12', readOnly: true },
    { source: '/disks/overlay', target: '/alpy/files/1/overlay', readOnly: true },
    { source: '/disks/base/disk', target: '/alpy/files/1/base/disk', readOnly: true },
  ]);
  expect(copiesOf(files).map(({ path, content }) => [path, content])).toEqual([
    ['/alpy/files/0/vmlinuz-6.12', { file: '/boot/vmlinuz-6.12' }],
    ['/alpy/files/1/overlay', { file: '/disks/overlay' }],
    ['/alpy/files/1/base/disk', { file: '/disks/base/disk' }],
  ]);
  for (const kind of ['bind', 'copy'] as const)
    expect(['/boot/vmlinuz', '/disks/overlay', 'other'].map(placesOf(files, { kind }))).toEqual([
      '/alpy/files/0/vmlinuz-6.12',
      '/alpy/files/1/overlay',
      'other',
    ]);
  const inContainer = placesOf(files, { kind: 'volumes-from', container: 'job' });
  expect(['/boot/vmlinuz', 'other'].map(inContainer)).toEqual(['/boot/vmlinuz-6.12', 'other']);
  expect(['/disks/overlay', 'other'].map(keyPlacesOf(files))).toEqual(['file1', 'other']);
});

test('a link to a file is inspected as that file', async () => {
  await writeFile(join(directory, 'file'), 'x');
  await symlink('file', join(directory, 'link'));
  expect(await inspectFiles([{ key: 'kernel', path: join(directory, 'link') }])).toMatchObject([
    { key: 'kernel', path: join(directory, 'link'), parts: [{ path: join(directory, 'file'), bytes: 1 }] },
  ]);
});

test('a file that is missing, or is a folder, is an error that names its key', async () => {
  const [missing, folder] = [join(directory, 'none'), join(directory, 'folder')];
  await mkdir(folder);
  await expect(inspectFiles([{ key: 'initrd', path: missing }])).rejects.toMatchObject({
    code: 'ALPY_APPLIANCE_FILE',
    fault: 'environment',
    message: `appliance.initrd names ${missing}: expected a file, got nothing at this path. Build or download it first, or correct the path`,
  });
  await expect(inspectFiles([{ key: 'kernel', path: folder }])).rejects.toMatchObject({
    message: `appliance.kernel names ${folder}: expected a file, got a folder`,
  });
});

test("a file that QEMU's user may not read is an error with the command that helps", async () => {
  const path = join(directory, 'kernel');
  await writeFile(path, 'x', { mode: 0o644 });
  const files = await inspectFiles([{ key: 'kernel', path }]);
  await expect(assertNamedReadable(files)).resolves.toBeUndefined();
  await chmod(path, 0o600);
  await expect(assertNamedReadable(files)).rejects.toMatchObject({
    code: 'ALPY_APPLIANCE_FILE',
    message: `appliance.kernel names ${path}: expected permissions that let every user read it, because QEMU runs as user 65525, got 0600. Run: chmod o+r ${path}`,
  });
});
