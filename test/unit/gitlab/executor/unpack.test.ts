// SPDX-License-Identifier: GPL-3.0-or-later
import { chmod, mkdir, mkdtempDisposable, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { provideProgram } from '../../../../src/gitlab/executor/files/program-copy.ts';
import { unpackingEnvironment } from '../../../../src/gitlab/executor/stages/unpack.ts';

test('the first program of that name in the search path is copied once, and again after an update', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'alpy-program-'));
  const [empty, first, second, copies] = ['empty', 'first', 'second', 'copies'].map((name) => join(directory.path, name)) as [
    ...[string, string, string, string],
  ];
  for (const folder of [empty, first, second]) await mkdir(folder);
  await mkdir(join(empty, 'tool')); // a folder is no program
  await writeFile(join(second, 'other'), 'one', { mode: 0o755 });
  await symlink(join(second, 'other'), join(first, 'tool'));
  const provide = (): Promise<string | undefined> => provideProgram('tool', [empty, first, 'relative'].join(':'), copies);
  const copy = (await provide()) ?? '';
  expect(await readFile(copy, 'utf8')).toBe('one');
  expect((await stat(copy)).mode & 0o777).toBe(0o755);
  expect((await stat(copies)).mode & 0o777).toBe(0o700);
  const { mtimeMs } = await stat(copy);
  expect(await provide()).toBe(copy);
  expect((await stat(copy)).mtimeMs).toBe(mtimeMs);
  await writeFile(join(second, 'other'), 'two');
  await utimes(join(second, 'other'), 1, 1);
  const newer = (await provide()) ?? '';
  expect(await readFile(newer, 'utf8')).toBe('two');
  expect((await readdir(copies)).map((name) => join(copies, name))).toEqual([newer]);
  await chmod(join(second, 'other'), 0o644);
  expect(await provide()).toBeUndefined();
});

test('a script that unpacks gets no variables that name folders of the machine or belong to the driver', () => {
  const env = {
    PATH: '/opt/bin',
    HOME: '/root',
    TMPDIR: '/tmp/x',
    ARCHIVER_STAGING_DIR: '/big',
    CUSTOM_ENV_A: 'a',
    JOB_RESPONSE_FILE: 'j',
  };
  expect(unpackingEnvironment({ ...env, HTTPS_PROXY: 'http://proxy', UNSET: undefined })).toEqual({
    PATH: '/alpy/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/tmp',
    HTTPS_PROXY: 'http://proxy',
  });
});
