// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLive } from '../../../src/capture/read-live.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-live-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

const never = new AbortController().signal;

test('without `follow`, reads what the file contains and ends', async () => {
  const file = join(directory, 'whole');
  await writeFile(file, Buffer.alloc(600_000, 'x'));
  const pieces = await Array.fromAsync(readLive(file, false, never));
  expect(Buffer.concat(pieces)).toEqual(Buffer.alloc(600_000, 'x'));
  await expect(Array.fromAsync(readLive(join(directory, 'none'), false, never))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('with `follow`, continues with what others append until the signal fires', async () => {
  const file = join(directory, 'growing');
  await writeFile(file, 'one');
  const end = new AbortController();
  const pieces: string[] = [];
  for await (const piece of readLive(file, true, end.signal)) {
    pieces.push(piece.toString());
    if (pieces.join('') === 'one') await appendFile(file, 'two');
    if (pieces.join('') === 'onetwo') setTimeout(() => void appendFile(file, 'three'), 20);
    if (pieces.join('') === 'onetwothree')
      setTimeout(() => {
        end.abort();
      }, 20);
  }
  expect(pieces.join('')).toBe('onetwothree');
});
