// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { Manifest } from '../../../src/images/manifest.ts';
import { buildableHere, programFiles } from '../../../src/images/program.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'alpy-program-'));
  onTestFinished(() => rm(root, { recursive: true }));
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
}

const repository = {
  'package.json': JSON.stringify({ bundled: ['dockerode'] }),
  'tsconfig.json': '{}',
  COPYING: 'GPL',
  'src/cli/bin.ts': 'run();',
  'carrot/index.ts': '',
  'ci-images/images.yaml': '',
  'rabbit/image/build': '',
  'templates/test.yml': '',
};

test('contains alpy, its run-time packages and the bundled ones, but no development packages', async () => {
  const packages = {
    '': { dependencies: { yargs: '1' }, devDependencies: { dockerode: '1', eslint: '1' } },
    'node_modules/yargs': { dependencies: { nested: '1' }, optionalDependencies: { 'not-of-this-platform': '1' } },
    'node_modules/yargs/node_modules/nested': { peerDependencies: { yargs: '1' } },
    'node_modules/not-of-this-platform': {},
    'node_modules/eslint': { dev: true },
    'node_modules/dockerode': { dev: true, dependencies: { 'docker-modem': '1' } },
    'node_modules/docker-modem': { dev: true },
  };
  await write({
    ...repository,
    'package-lock.json': JSON.stringify({ packages }),
    'node_modules/yargs/index.js': '',
    'node_modules/yargs/node_modules/nested/index.js': '',
    'node_modules/eslint/index.js': '',
    'node_modules/dockerode/index.js': '',
    'node_modules/docker-modem/index.js': '',
    'test/unit/a.test.ts': '',
  });
  const names = (await programFiles(root)).map(({ name }) => name);
  expect(names.sort()).toEqual(
    [
      'node',
      ...Object.keys(repository).map((name) => `alpy/${name}`),
      'alpy/node_modules/docker-modem/index.js',
      'alpy/node_modules/dockerode/index.js',
      'alpy/node_modules/yargs/index.js',
      'alpy/node_modules/yargs/node_modules/nested/index.js',
    ].sort(),
  );
});

test('needs a clone of the repository', async () => {
  await write({ 'package.json': '{}' });
  await expect(programFiles(root)).rejects.toThrow(
    `expected a clone of alpy's repository to build an image that contains alpy, got ${root}`,
  );
});

test('without a clone, the images that contain alpy are not among those to build', async () => {
  const image = { reference: '', origin: 'default', buildable: true };
  const images = [
    { ...image, name: 'qemu' },
    { ...image, name: 'runner' },
    { ...image, name: 'peer', buildable: false },
  ];
  const manifest = { images: { qemu: { program: false }, runner: { program: true } } } as unknown as Manifest;
  const names = (): readonly string[] => buildableHere(images, manifest, root).map(({ name }) => name);
  await write({ 'package.json': '{}' });
  expect(names()).toEqual(['qemu']);
  await write({ 'package-lock.json': '{}', 'src/cli/bin.ts': '' });
  expect(names()).toEqual(['qemu', 'runner']);
});
