// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileCopies } from '../../../src/docker/file-copies.ts';

test('copies files into a folder of this user, with their modes, and removes them', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-test-'));
  const source = join(folder.path, 'source');
  await writeFile(source, 'from a file');
  {
    await using copies = await FileCopies.create(folder.path, [
      { path: '/etc/a.conf', content: 'replaced' },
      { path: '/bin/b', content: { file: source }, mode: 0o4755 },
      { path: '/etc/../etc/a.conf', content: 'text' },
    ]);
    const found = await Promise.all(
      copies.mounts.map(async ({ source: path, target, readOnly }) => {
        return [target, readOnly, await readFile(path, 'utf8'), (await stat(path)).mode & 0o7777];
      }),
    );
    expect(found).toEqual([
      ['/etc/a.conf', true, 'text', 0o644],
      ['/bin/b', true, 'from a file', 0o755],
    ]);
    const [parent = ''] = (await readdir(folder.path)).filter((name) => name !== 'source');
    expect((await stat(join(folder.path, parent))).mode & 0o777).toBe(0o700);
  }
  expect(await readdir(folder.path)).toEqual(['source']);
});

test('a file that is missing or not regular is an error of the environment, and leaves nothing', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-test-'));
  for (const file of [join(folder.path, 'none'), '/dev/zero']) {
    const copying = FileCopies.create(folder.path, [{ path: '/a', content: { file } }]);
    await expect(copying).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT', fault: 'environment' });
  }
  expect(await readdir(folder.path)).toEqual([]);
});
