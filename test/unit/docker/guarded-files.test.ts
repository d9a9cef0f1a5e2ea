// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { mkdtempDisposable, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeGuardedFiles } from '../../../src/docker/guarded-files.ts';

test('a file from the same millisecond is removed, and a younger one stays', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-guarded-'));
  const path = join(folder.path, 'keeper.sock');
  await writeFile(path, '');
  const bornMs = Math.floor((await stat(path)).birthtimeMs); // Date.now() has whole ms, too

  await removeGuardedFiles([{ path }], bornMs - 1);
  expect(existsSync(path)).toBe(true);
  await removeGuardedFiles([{ path }], bornMs);
  expect(existsSync(path)).toBe(false);
});
