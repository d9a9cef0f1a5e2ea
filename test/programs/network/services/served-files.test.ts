// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listServedFiles } from '../../../../src/network/index.ts';
import { filesForContainer } from '../../../../src/network/services/served-files.ts';

let directory: string;
let root: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'alpy-served-')));
  root = join(directory, 'www');
  await mkdir(join(root, 'boot'), { recursive: true });
  await writeFile(join(root, 'boot', 'menu'), 'menu');
  await writeFile(join(root, 'a'), 'a');
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

const list = (served: Parameters<typeof listServedFiles>[1]): ReturnType<typeof listServedFiles> =>
  listServedFiles('node0.http', served);

test('a folder offers all files below it, and links that stay in it', async () => {
  await symlink('boot/menu', join(root, 'link'));
  await symlink('boot', join(root, 'x'));
  const menu = { file: join(root, 'boot/menu') };
  expect(await list({ root })).toEqual([
    { path: 'a', content: { file: join(root, 'a') } },
    { path: 'boot/menu', content: menu },
    { path: 'link', content: menu },
    { path: 'x/menu', content: menu },
  ]);
});

test('a folder offers only plain files', async () => {
  execFileSync('mkfifo', [join(root, 'fifo')]);
  expect((await list({ root })).map(({ path }) => path)).toEqual(['a', 'boot/menu']);
});

test('single files have their content, or that of a file', async () => {
  const file = join(root, 'a');
  await symlink(file, join(directory, 'link'));
  expect(await list({ files: { '/x/y': 'text', z: { file: join(directory, 'link') } } })).toEqual([
    { path: 'x/y', content: 'text' },
    { path: 'z', content: { file } },
  ]);
});

test.each([
  ['an absolute link', '/etc/passwd', /expected relative links that stay in the folder, got an absolute one: .*link -> /],
  [
    'a link that leads out of the folder',
    '../../secret',
    /, got one that leads out of it: .* -> \S+secret\. Copy the file instead$/,
  ],
  ['a link that leads nowhere', 'none', /, got one that leads nowhere: .*link -> none\. Copy the file instead$/],
  [
    'a link to a folder above it',
    '..',
    /expected at most 32 levels of folders, got more: .*\. Does a link lead to a folder above/,
  ],
  [
    'a link that leads in circles',
    '.',
    /expected at most 32 levels of folders, got more: .*\. Does a link lead to a folder above/,
  ],
])('%s is refused, and the error says what to do', async (_, target, message) => {
  await writeFile(join(directory, 'secret'), '');
  await symlink(target, join(root, 'boot', 'link'));
  await expect(list({ root })).rejects.toMatchObject({ code: 'ALPY_USAGE', message: expect.stringMatching(message) as string });
});

test('what is missing or of another kind is refused, and the error names the key and says what to do', async () => {
  const [file, none] = [join(root, 'a'), join(root, 'none')];
  for (const [served, message] of [
    [{ root: none }, `root: expected a folder, got nothing: ${none}. Create it, or correct the path`],
    [{ root: file }, `root: expected a folder, got a file: ${file}. Correct the path`],
    [{ files: { x: { file: none } } }, `files.x.file: expected a file, got nothing: ${none}. Create it, or correct the path`],
    [{ files: { x: { file: root } } }, `files.x.file: expected a file, got something else: ${root}. Correct the path`],
  ] as const)
    await expect(list(served)).rejects.toMatchObject({ code: 'ALPY_USAGE', message: `node0.http.${message}` });
});

// a file that even root may not read
const writeOnly = '/proc/sys/vm/drop_caches';

test.skipIf(!existsSync(writeOnly))('a file that may not be read is refused, and the error says what to do', async () => {
  const permissions = 'Change its permissions, or leave it out';
  await expect(list({ files: { x: { file: writeOnly } } })).rejects.toMatchObject({
    code: 'ALPY_USAGE',
    message: `node0.http.files.x.file: expected only files and folders that you may read, got one without the permission: ${writeOnly}. ${permissions}`,
  });
  await expect(list({ root: dirname(writeOnly) })).rejects.toMatchObject({ code: 'ALPY_USAGE' });
});

test.skipIf(process.getuid?.() === 0)('a folder that may not be read is refused', async () => {
  await chmod(join(root, 'boot'), 0);
  await expect(list({ root })).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  await chmod(join(root, 'boot'), 0o700);
});

test('a folder with too many files is refused', async () => {
  await Promise.all(Array.from({ length: 100 }, (_, file) => writeFile(join(root, 'boot', String(file)), '')));
  for (let index = 0; index < 100; index++) await symlink('boot', join(root, `link${index}`));
  await expect(list({ root })).rejects.toThrow(
    `node0.http.root: expected at most 10000 files and folders, got more. Choose a folder that has less: ${root}`,
  );
}, 60_000);

test('many folders without files are refused, too: links could make them endless', async () => {
  for (let level = 0; level < 20; level++) {
    const folder = join(root, `level${level}`);
    await mkdir(folder);
    for (const name of ['one', 'two']) await symlink(`../level${level + 1}`, join(folder, name));
  }
  await mkdir(join(root, 'level20'));
  await expect(list({ root })).rejects.toMatchObject({ code: 'ALPY_USAGE' });
}, 60_000);

test('a folder is mounted for its owner, or else copied', async () => {
  await chmod(root, 0o700);
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  expect(await filesForContainer('x', { root }, true)).toEqual({
    mounts: [{ source: root, target: '/srv/alpy', readOnly: true }],
    files: [],
    user: `${uid}:${gid}`,
  });
  expect(await filesForContainer('x', { root }, false)).toEqual({
    mounts: [],
    files: [
      { path: '/srv/alpy/a', content: { file: join(root, 'a') } },
      { path: '/srv/alpy/boot/menu', content: { file: join(root, 'boot/menu') } },
    ],
  });
});
