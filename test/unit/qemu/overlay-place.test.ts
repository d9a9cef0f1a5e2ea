// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assertBaseIsBeside } from '../../../src/qemu/overlay-place.ts';
import { writeQcow2Header } from '../../support/qcow2-header.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-overlay-'));
  await mkdir(join(directory, 'a/sub'), { recursive: true });
  await mkdir(join(directory, 'b'));
  for (const name of ['a/base', 'a/sub/base', 'b/base']) await writeFile(join(directory, name), name);
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** "fine", or the error for an overlay in the folder `a`, with `DIR` for the folder above. */
async function verdictOn(backing: string, backingFormat?: string): Promise<string> {
  const path = join(directory, 'a/overlay.qcow2');
  await writeQcow2Header(path, { backing, ...(backingFormat === undefined ? {} : { backingFormat }) });
  return assertBaseIsBeside(path).then(
    () => 'fine',
    (error: unknown) => String(error).replaceAll(directory, 'DIR'),
  );
}

test.each(['base', 'sub/base', '/alpy/image/base', 'missing'])('QEMU finds the backing file %s', async (backing) => {
  expect(await verdictOn(backing)).toBe('fine');
});

const intro = (backing: string): string =>
  `DiskImageError: disk image DIR/a/overlay.qcow2: it is an overlay of ${backing}, but QEMU sees nothing outside the folder of the image, so an overlay must name a file there, relative to its own folder. Merge them into one file: qemu-img convert -O qcow2 DIR/a/overlay.qcow2 DIR/a/overlay.whole.qcow2. Or put the backing file beside it: `;

test('a backing file in another folder: the error says how to put it beside the overlay', async () => {
  const copied = 'cp DIR/b/base DIR/a/ && qemu-img rebase -u -F qcow2 -b base DIR/a/overlay.qcow2';
  expect(await verdictOn('../b/base', 'qcow2')).toBe(intro('../b/base') + copied);
  expect(await verdictOn(join(directory, 'b/base'), 'qcow2')).toBe(intro('DIR/b/base') + copied);
});

test('links and chains of overlays that lead to another folder are detected', async () => {
  await symlink('../b/base', join(directory, 'a/link'));
  expect(await verdictOn('link', 'raw')).toContain(
    'Or put the backing file beside it: cp DIR/b/base DIR/a/ && qemu-img rebase -u -F raw -b base DIR/a/overlay.qcow2',
  );
  await writeQcow2Header(join(directory, 'a/middle'), { backing: '../b/base' });
  expect(await verdictOn('middle')).toContain('DIR/a/middle is an overlay of ../b/base, but QEMU sees nothing outside');
});

test('a backing file with an absolute path: the error says how to make the path relative', async () => {
  const backing = join(directory, 'a/base');
  expect(await verdictOn(backing, 'qcow2')).toBe(`${intro('DIR/a/base')}qemu-img rebase -u -F qcow2 -b base DIR/a/overlay.qcow2`);
});
