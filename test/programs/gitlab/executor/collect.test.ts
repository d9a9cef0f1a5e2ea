// SPDX-License-Identifier: GPL-3.0-or-later
import { lstat, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeEach, expect, test } from 'vitest';
import { artifactFolder, realFoldersScript } from '../../../../src/gitlab/executor/files/collect.ts';
import { folder } from '../../../unit/gitlab/executor/make.ts';

/** Contents of a file of the runner, such as git's settings. */
const settings = '[include]\n';

let project = '';
let temporary = '';

beforeEach(async () => {
  project = join(await folder(), 'project');
  temporary = `${project}.tmp`;
  for (const path of [project, temporary]) await mkdir(path);
  await writeFile(join(temporary, 'console.log'), settings);
});

/** Copies files into the project as the driver does. */
async function collect(): Promise<void> {
  const from = await folder();
  await writeFile(join(from, 'console.log'), '[credential] helper = !evil\n');
  await execa('sh', ['-ec', `${realFoldersScript}cp -R "$3"/. "$path"`, 'sh', project, artifactFolder, from]);
}

test.each([
  ['the folder', 'alpy-out/testbed', '../../project.tmp'],
  ['its parent folder', 'alpy-out', '../project.tmp'],
  ['a file in it', 'alpy-out/testbed/console.log', '../../../project.tmp/console.log'],
])('a link that replaces %s is removed, and nothing is written through it', async (_, name, target) => {
  await mkdir(join(project, name, '..'), { recursive: true });
  await mkdir(join(temporary, 'testbed'));
  await symlink(target, join(project, name));
  await collect();
  expect(await readFile(join(temporary, 'console.log'), 'utf8')).toBe(settings);
  expect(await readdir(join(temporary, 'testbed'))).toEqual([]);
  expect((await lstat(join(project, artifactFolder, 'console.log'))).isFile()).toBe(true);
});

test('a file that replaces a folder is removed, other files stay, and a missing project is created', async () => {
  await writeFile(join(project, 'alpy-out'), '');
  await collect();
  await writeFile(join(project, artifactFolder, 'own'), '');
  await collect();
  expect(await readdir(join(project, artifactFolder))).toEqual(['console.log', 'own']);
  await rm(project, { recursive: true });
  await collect();
  expect(await readdir(join(project, artifactFolder))).toEqual(['console.log']);
});
