// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BoundedFile } from '../../../src/core/bounded-file.ts';

const bounds = { most: 100, head: 40, tail: 30 };
const note = (bytes: number): string => `(${bytes} left out)\n`;

interface Opened extends AsyncDisposable {
  readonly path: string;
  readonly file: BoundedFile;
  readonly content: () => Promise<string>;
}

async function open(before = '', limits = bounds): Promise<Opened> {
  const made = await mkdtempDisposable(join(tmpdir(), 'alpy-bounded-'));
  const path = join(made.path, 'file.log');
  await writeFile(path, before);
  const file = new BoundedFile(path, note, limits);
  const dispose = async (): Promise<void> => {
    file.close();
    await made.remove();
  };
  return { path, file, content: () => readFile(path, 'utf8'), [Symbol.asyncDispose]: dispose };
}

/** Ten bytes with the line end. */
const line = (number: number): string => `line ${String(number).padStart(4, '0')}\n`;
const lines = (from: number, to: number): string => Array.from({ length: to - from }, (_, index) => line(from + index)).join('');

test('a file that is not too large is whole', async () => {
  await using opened = await open();
  for (let number = 0; number < 10; number += 1) opened.file.append(line(number));
  expect(await opened.content()).toBe(lines(0, 10));
  expect(opened.file.leftOutBytes).toBe(0);
});

test('a file that becomes too large keeps whole lines of its beginning and its end, and says how much is missing', async () => {
  await using opened = await open();
  for (let number = 0; number < 11; number += 1) opened.file.append(line(number));
  expect(await opened.content()).toBe(`${lines(0, 4)}(50 left out)\n${lines(9, 11)}`);
  expect(opened.file.leftOutBytes).toBe(50);
});

test('the note counts everything that was left out, however often that happened, and the size stays below the limit', async () => {
  await using opened = await open();
  for (let number = 0; number < 1000; number += 1) {
    opened.file.append(line(number));
    expect((await stat(opened.path)).size).toBeLessThanOrEqual(bounds.most);
  }
  const content = await opened.content();
  const [, count, end] = /^(?:line \d{4}\n){4}\((\d+) left out\)\n((?:line \d{4}\n)+)$/.exec(content)!;
  expect(content.startsWith(lines(0, 4))).toBe(true);
  expect(end).toBe(lines(1000 - end!.length / 10, 1000));
  expect(Number(count)).toBe(10_000 - 40 - end!.length);
  expect(opened.file.leftOutBytes).toBe(Number(count));
});

test('bytes without line ends are cut where the limits are', async () => {
  await using opened = await open();
  const data = Array.from({ length: 150 }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');
  for (const byte of data) opened.file.append(byte);
  const [, start, count, end] = /^(\w{40})\((\d+) left out\)\n(\w+)$/.exec(await opened.content())!;
  expect(start).toBe(data.slice(0, 40));
  expect(end).toBe(data.slice(-end!.length));
  expect(Number(count)).toBe(150 - 40 - end!.length);
});

test('a single piece that is larger than the limit is cut as well', async () => {
  await using opened = await open();
  opened.file.append(lines(0, 500));
  expect(await opened.content()).toBe(`${lines(0, 4)}(4940 left out)\n${lines(498, 500)}`);
});

test('what was in the file before counts', async () => {
  await using opened = await open(lines(0, 9));
  for (let number = 9; number < 12; number += 1) opened.file.append(line(number));
  expect(await opened.content()).toBe(`${lines(0, 4)}(50 left out)\n${lines(9, 12)}`);
});

test('a file of 64 MiB is the default limit', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-bounded-'));
  const file = new BoundedFile(join(made.path, 'file'), note);
  const piece = Buffer.alloc(1024 ** 2, 'x');
  for (let count = 0; count < 65; count += 1) file.append(piece);
  expect((await stat(join(made.path, 'file'))).size).toBe(48 * 1024 ** 2 + note(file.leftOutBytes).length);
  expect(file.leftOutBytes).toBe(17 * 1024 ** 2);
  file.close();
});

test('a link is not followed', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-bounded-'));
  await writeFile(join(made.path, 'victim'), 'precious');
  await symlink(join(made.path, 'victim'), join(made.path, 'file'));
  expect(() => new BoundedFile(join(made.path, 'file'), note)).toThrow();
  expect(await readFile(join(made.path, 'victim'), 'utf8')).toBe('precious');
});
