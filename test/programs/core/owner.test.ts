// SPDX-License-Identifier: GPL-3.0-or-later
import { execFile } from 'node:child_process';
import { mkdir, mkdtempDisposable, readdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ownedName, removeOrphans } from '../../../src/core/owner.ts';

const owner = join(import.meta.dirname, '..', '..', '..', 'src', 'core', 'owner.ts');

/** Returns a name from a process that has ended since. */
async function nameFromDeadProcess(prefix: string): Promise<string> {
  const script = `import { ownedName } from ${JSON.stringify(owner)}; process.stdout.write(ownedName('${prefix}'));`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  return (await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env })).stdout;
}

test('removeOrphans removes what dead processes left behind, and nothing else', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-owner-'));
  const [dead, alive, other] = [await nameFromDeadProcess('.x-'), ownedName('.x-'), '.y-1-1-1-abcdef'];
  const reused = alive.replace(/-\d+(-[0-9a-f]{6})$/, '-1$1'); // our PID, but of a process that started earlier
  for (const name of [dead, alive, other, reused]) await mkdir(join(made.path, name));
  await writeFile(join(made.path, dead, 'file'), 'x');
  expect(
    removeOrphans(made.path, '.x-')
      .map((path) => basename(path))
      .sort(),
  ).toEqual([dead, reused].sort());
  expect((await readdir(made.path)).sort()).toEqual([alive, other].sort());
  expect(removeOrphans(join(made.path, 'nowhere'), '.x-')).toEqual([]);
});

test('files of another PID namespace are removed only if they are old', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-owner-'));
  const names = ['.x-00000000-1-1-abcdef', '.x-00000000-1-1-fedcba'];
  for (const name of names) await writeFile(join(made.path, name), '');
  await utimes(join(made.path, '.x-00000000-1-1-fedcba'), new Date(0), new Date(0));
  removeOrphans(made.path, '.x-');
  expect(await readdir(made.path)).toEqual(['.x-00000000-1-1-abcdef']);
});

test("a user's file stays, no matter how old it is and whether its name has the prefix", async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-owner-'));
  const names = ['.x-', '.x-00000000-1-1-abcdef.txt', '.x-results'];
  for (const name of names) {
    await writeFile(join(made.path, name), '');
    await utimes(join(made.path, name), new Date(0), new Date(0));
  }
  expect(removeOrphans(made.path, '.x-')).toEqual([]);
  expect((await readdir(made.path)).sort()).toEqual(names);
});
