// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify } from '../../../src/qemu/index.ts';
import { assertFolderReachable, assertReadable } from '../../../src/qemu/readable.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-readable-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

test("a disk image or backing file that QEMU's user may not read is an error with the command that helps", async () => {
  const [image, base] = [join(directory, 'image'), join(directory, 'base')];
  for (const path of [image, base]) await writeFile(path, 'x', { mode: 0o644 });
  const files = [await identify(image), await identify(base)];
  await expect(assertReadable(files)).resolves.toBeUndefined();
  await chmod(base, 0o640);
  await expect(assertReadable(files)).rejects.toMatchObject({
    code: 'ALPY_DISK_IMAGE',
    message: `disk image ${base}: expected permissions that let every user read it, because QEMU runs as user 65525, got 0640. Run: chmod o+r ${base}`,
  });
});

test("a folder that QEMU's user may not enter is an error with the command that helps", async () => {
  const image = join(directory, 'image');
  await chmod(directory, 0o701);
  await expect(assertFolderReachable(image)).resolves.toBeUndefined();
  await chmod(directory, 0o700);
  await expect(assertFolderReachable(image)).rejects.toMatchObject({
    code: 'ALPY_DISK_IMAGE',
    message: `disk image ${image}: appliance.qemuArgs names a file in its folder: expected permissions that let every user enter that, because QEMU runs as user 65525, got 0700. Run: chmod o+x ${directory}`,
  });
});
