// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { dropLinks, toldRemovals } from '../../../../src/gitlab/executor/links.ts';
import { folder } from './make.ts';

test('links that lead out are removed, whatever their names are, and those within stay', async () => {
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
  const { stdout } = await execa('sh', ['-ec', dropLinks, 'sh', root], { stripFinalNewline: false });
  const left = await readdir(root, { recursive: true });
  expect(left.sort()).toEqual([
    'a b',
    'a b/within',
    'absolute',
    'file',
    'missing',
    'within',
    ...left.filter((name) => name === 'through'),
  ]);
  const told = toldRemovals(stdout);
  for (const name of ['out', 'a b/new\nline', '-n', 'prefix'])
    expect(told).toContain(
      `removed the link ${JSON.stringify(join(root, name))}: it leads out of the project, and artifacts and caches would follow it`,
    );
});

test('everything that was removed is told on a line of its own', () => {
  expect(toldRemovals('')).toEqual([]);
  expect(toldRemovals('special\0/b/a\nb\0inTheWay\0/b/group\0')).toEqual([
    'removed "/b/a\\nb": expected files, folders and links, got a device, pipe or socket, which artifacts cannot have',
    'removed "/b/group": expected a folder, as the project belongs there',
  ]);
});
