// SPDX-License-Identifier: GPL-3.0-or-later
// The tests that the documentation quotes, run as a reader would run them.
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Project } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';

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
  const recipes = globSync('tests/*.test.ts', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8'));
  const count = recipes.flatMap((recipe) => recipe.match(/^test\(/gm) ?? []).length;
  expect(count).toBeGreaterThanOrEqual(recipes.length);
  expect({ exitCode, last: stdout.trimEnd().split('\n').at(-1) }, `${stdout}\n${stderr}`).toEqual({
    exitCode: 0,
    last: `${count} passed, 0 failed`,
  });
});

test('the examples of the README and of docs/writing-tests.md pass', async () => {
  const examples = join(repository, 'docs/examples');
  const files = globSync(['first-test/tests/*.test.ts', 'writing-tests/tests/*.test.ts'], { cwd: examples });
  expect(files.length).toBeGreaterThan(5);
  await using project = await Project.create({
    'alpy.yaml': readFileSync(join(examples, 'first-test/alpy.yaml'), 'utf8'),
    ...Object.fromEntries(files.map((file) => [`tests/${basename(file)}`, readFileSync(join(examples, file), 'utf8')])),
  });
  const { status, stdout, stderr } = await project.run(['run'], {
    ALPY_APPLIANCE_IMAGE: rabbitImage,
    ALPY_APPLIANCE_LOGIN_PASSWORD: 'rabbit',
  });
  expect({ status, last: stdout.trimEnd().split('\n').at(-1) }, `${stdout}\n${stderr}`).toEqual({
    status: 0,
    last: `${files.length} passed, 0 failed`,
  });
});
