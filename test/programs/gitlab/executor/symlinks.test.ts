// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { removeLinksScript, removalMessages } from '../../../../src/gitlab/executor/files/symlinks.ts';
import { folder } from '../../../unit/gitlab/executor/make.ts';

test('links that lead out of the project are removed, whatever their names; links within it stay', async () => {
  const [root, outside] = [join(await folder(), 'builds'), await folder()];
  await mkdir(join(root, 'a b'), { recursive: true });
  await writeFile(join(root, 'file'), '');
  for (const [name, target] of [
    ['within', 'file'],
    ['a b/within', '../file'],
    ['absolute', join(root, 'file')],
    ['missing', 'not-there'],
    ['out', outside],
    ['a b/new\nline', '../../other'],
    ['-n', '/etc/passwd'],
    ['through', 'out'],
    ['prefix', `${root}-other`],
  ] as const)
    await symlink(target, join(root, name));
  const { stdout } = await execa('sh', ['-ec', removeLinksScript, 'sh', root, root], { stripFinalNewline: false });
  const left = await readdir(root, { recursive: true });
  expect(left.sort()).toEqual([
    'a b',
    'a b/within',
    'absolute',
    'file',
    'missing',
    'through', // to a link that was removed
    'within',
  ]);
  const messages = removalMessages(stdout);
  for (const name of ['out', 'a b/new\nline', '-n', 'prefix'])
    expect(messages).toContain(
      `removed the link ${JSON.stringify(join(root, name))}: it leads out of the project, and artifacts and caches would follow it`,
    );
});

test.each([
  ['..', false],
  ['../..', false],
  ['../project.tmp', false],
  ['../project.tmp/.glr.gconf', false],
  ['/proc/self/cwd/within', false],
  ['sub/../..', false],
  ['sub/../../project.tmp', false],
  ['sub/../file', false], // sub may become a link
  ['sub', true],
  ['./sub/./file', true],
  ['..file', true],
  ['PROJECT/sub', true],
  ['PROJECT/../project.tmp', false],
  ['PROJECT.tmp/KEY', false],
  ['.', true],
])('a link of the project to %j stays: %j', async (target, stays) => {
  const builds = join(await folder(), 'builds');
  const project = join(builds, 'group', 'project');
  await mkdir(join(project, 'sub'), { recursive: true });
  await mkdir(`${project}.tmp`);
  await symlink(target.replace('PROJECT', project), join(project, 'link'));
  await execa('sh', ['-ec', removeLinksScript, 'sh', builds, project]);
  expect((await readdir(project)).includes('link')).toBe(stays);
});

test('a link is removed if it leads elsewhere for the program that packs than for the one that checks', async () => {
  // the program that checks works in another folder than the one that packs, where the job can create folders of any name
  const builds = join(await folder(), 'builds');
  const project = join(builds, 'project');
  await mkdir(project, { recursive: true });
  const target = `/proc/self/cwd${project}/a/a/a/a/a/a/a/a/a/../../../../../../../../etc`;
  await symlink(target, join(project, 'etc'));
  await execa('sh', ['-ec', removeLinksScript, 'sh', builds, project], { cwd: '/' });
  expect(await readdir(project)).toEqual([]);
});

test('links outside of the project are removed; links in it may climb up to the project', async () => {
  const builds = join(await folder(), 'builds');
  const project = join(builds, 'group', 'project');
  await mkdir(join(project, 'a', 'b'), { recursive: true });
  await symlink('../..', join(project, 'a', 'b', 'top'));
  await symlink('../../..', join(project, 'a', 'b', 'over'));
  await symlink('project', join(builds, 'group', 'beside'));
  await execa('sh', ['-ec', removeLinksScript, 'sh', builds, project]);
  expect(await readdir(join(builds, 'group'))).toEqual(['project']);
  expect(await readdir(join(project, 'a', 'b'))).toEqual(['top']);
});

test('the script fails if a link is too deep to be removed: a shorter path leads to it from within the project', async () => {
  const builds = join(await folder(), 'builds');
  const project = join(builds, 'p'.repeat(200));
  await mkdir(project, { recursive: true });
  onTestFinished(async () => {
    await execa('find', [builds, '-mindepth', '1', '-delete']);
  });
  const deep = 'for i in $(seq 19); do mkdir "$0" && cd -P "$0" || exit 1; done; ln -s /etc "$1"';
  await execa('bash', ['-c', deep, 'd'.repeat(200), 'l'.repeat(200)], { cwd: project });
  const { exitCode, stdout } = await execa('sh', ['-ec', removeLinksScript, 'sh', builds, project], { reject: false });
  expect(exitCode).not.toBe(0);
  expect(stdout).toBe('');
});

test('everything that was removed is logged, one line each', () => {
  expect(removalMessages('')).toEqual([]);
  expect(removalMessages('special\0/b/a\nb\0inTheWay\0/b/group\0')).toEqual([
    'removed "/b/a\\nb": it is a device, pipe or socket; artifacts may contain only files, folders and links',
    'removed "/b/group": the path to the project needs a folder there',
  ]);
});
