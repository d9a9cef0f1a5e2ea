// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Transcript } from '../../../src/console/index.ts';

test('a transcript does not follow a symbolic link', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-transcript-'));
  const victim = join(made.path, 'victim');
  await writeFile(victim, 'precious');
  await symlink(victim, join(made.path, 'console.log'));
  const transcript = Transcript.create(join(made.path, 'console'));
  transcript.received(Buffer.from('x\n'));
  await expect(transcript[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'ALPY_TRANSCRIPT' });
  expect(await readFile(victim, 'utf8')).toBe('precious');
  expect(await readFile(join(made.path, 'console.txt'), 'utf8')).toMatch(/< x\n$/);
});
