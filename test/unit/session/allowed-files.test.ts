// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { assertFilesAreAllowed } from '../../../src/session/allowed-files.ts';

test('a job may use files below its folders, but no link out of them, and no missing file elsewhere', async () => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'alpy-allowed-')));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [inside, link] = [join(folder, 'user-data'), join(folder, 'link')];
  await writeFile(inside, '');
  await symlink('/etc/passwd', link);
  await assertFilesAreAllowed([inside, join(folder, 'missing')], [folder]);
  await assertFilesAreAllowed(['/etc/passwd'], undefined);
  for (const path of [link, '/etc/passwd', '/missing', `${folder}-other/file`])
    await expect(assertFilesAreAllowed([inside, path], [folder])).rejects.toMatchObject({ code: 'ALPY_USAGE' });
});
