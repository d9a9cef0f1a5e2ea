// SPDX-License-Identifier: GPL-3.0-or-later
// The recipes of docs/recipes, in one run, as a reader would run them.
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

const repository = resolve(import.meta.dirname, '../..');
const folder = join(repository, 'docs/examples/recipes');
const peerImage = 'alpy-test/recipes-peer';
let out: string;

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'alpy-recipes-'));
  const base = (await readFile(join(repository, '.cache/base-image'), 'utf8')).trim();
  const proxies = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => ['--build-arg', name]);
  const args = ['--network=host', ...proxies, '--build-arg', `BASE_IMAGE=${base}`, '--tag', peerImage];
  await execa('docker', ['build', ...args, join(folder, 'peer')]);
});

afterAll(() => rm(out, { recursive: true }));

test('all recipes pass', async () => {
  const env = { ALPY_IMAGE_PEER: peerImage, VITEST: '', NODE_OPTIONS: '' };
  const args = [join(repository, 'src/cli/bin.ts'), 'run', '--out', out];
  const { exitCode, stdout, stderr } = await execa(process.execPath, args, { cwd: folder, env, reject: false });
  const recipes = globSync('tests/*.test.ts', { cwd: folder });
  expect({ exitCode, last: stdout.trimEnd().split('\n').at(-1) }, `${stdout}\n${stderr}`).toEqual({
    exitCode: 0,
    last: `${recipes.length} passed, 0 failed`,
  });
});
