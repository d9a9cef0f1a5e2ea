// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  openPlain,
  openPlainSync,
  openRegular,
  readPlain,
  readPlainEnd,
  readRegular,
  replaceFile,
} from '../../../src/core/plain-file.ts';

let directory: string;
let victim: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-plain-'));
  [victim, path] = [join(directory, 'victim'), join(directory, 'file')];
  await writeFile(victim, 'precious');
});

afterEach(async () => {
  expect(await readFile(victim, 'utf8')).toBe('precious');
  await rm(directory, { recursive: true });
});

const modes = ['r', 'r+', 'w', 'a'] as const;
const refused = { code: 'ALPY_ENVIRONMENT', message: /^expected a file at .*file, got a link or a special file/ };

describe.each([
  ['a link to a file', () => symlink(victim, path)],
  ['a link to nothing', () => symlink(join(directory, 'nothing'), path)],
  ['a pipe', () => execFileSync('mkfifo', [path])],
])('%s', (_, make) => {
  test.each(modes)('is not opened as %s', async (mode) => {
    await make();
    await expect(openPlain(path, mode)).rejects.toMatchObject(refused);
    if (mode === 'r' || mode === 'a')
      expect(() => openPlainSync(path, mode)).toThrow(expect.objectContaining({ code: refused.code }));
    expect((await readdir(directory)).sort()).toEqual(['file', 'victim']);
  });

  test('is replaced by replaceFile, which does not follow it', async () => {
    await make();
    await replaceFile(path, 'new');
    expect((await lstat(path)).isFile()).toBe(true);
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await readdir(directory)).sort()).toEqual(['file', 'victim']);
  });
});

test('a folder and a device are not opened', async () => {
  await expect(openPlain(directory, 'r')).rejects.toMatchObject({ code: refused.code });
  expect(() => openPlainSync('/dev/null', 'a')).toThrow(expect.objectContaining({ code: refused.code }));
});

test('a file can be read, appended to and emptied; a missing one is created for writing and an error for reading', async () => {
  await expect(openPlain(path, 'r')).rejects.toMatchObject({ code: 'ENOENT' });
  const appending = openPlainSync(path, 'a');
  writeSync(appending, 'one');
  closeSync(appending);
  await using reading = await openPlain(path, 'r');
  expect(await reading.readFile('utf8')).toBe('one');
  await using file = await openPlain(path, 'w');
  await file.writeFile('2');
  expect(await readFile(path, 'utf8')).toBe('2');
});

test('a file that cannot be replaced leaves no draft', async () => {
  await expect(replaceFile(join(directory, 'missing', 'file'), 'x')).rejects.toMatchObject({ code: 'ENOENT' });
  await mkdir(path);
  await expect(replaceFile(path, 'x')).rejects.toMatchObject({ code: 'EISDIR' });
  expect((await readdir(directory)).sort()).toEqual(['file', 'victim']);
});

test('readPlain reads a file up to a size, and nothing else', async () => {
  await writeFile(path, 'hällo');
  expect(await readPlain(path, 6)).toBe('hällo');
  await expect(readPlain(path, 5)).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  await expect(readPlain('/dev/zero', 5)).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  await expect(readPlain(join(directory, 'nothing'), 5)).rejects.toMatchObject({ code: 'ENOENT' });
  await symlink(victim, join(directory, 'link'));
  await expect(readPlain(join(directory, 'link'), 100)).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

test('readRegular reads a file or what a link leads to, up to a size', async () => {
  await symlink(victim, path);
  expect(await readRegular(path, 8)).toBe('precious');
  await expect(readRegular(path, 7)).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  await expect(readRegular('/dev/zero', 7)).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

test('readPlainEnd reads the last bytes', async () => {
  await writeFile(path, 'hello');
  expect((await readPlainEnd(path, 3)).toString()).toBe('llo');
  expect((await readPlainEnd(path, 9)).toString()).toBe('hello');
});

test('openRegular follows a link to a file, and refuses folders, pipes and devices without waiting', async () => {
  await symlink(victim, path);
  await using file = await openRegular(path);
  expect(await file.readFile('utf8')).toBe('precious');
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const other of [pipe, directory, '/dev/zero'])
    await expect(openRegular(other)).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
});

test('replaceFile writes what a stream yields', async () => {
  await replaceFile(path, Readable.from([Buffer.from('one '), Buffer.from('two')]));
  expect(await readFile(path, 'utf8')).toBe('one two');
});
