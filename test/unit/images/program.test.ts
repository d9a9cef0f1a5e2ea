// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { programFiles } from '../../../src/images/program.ts';

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
  'package.json': '{}',
  'tsconfig.json': '{}',
  COPYING: 'GPL',
  'src/cli/bin.ts': 'run();',
  'carrot/index.ts': '',
  'ci-images/images.yaml': '',
  'rabbit/image/build': '',
  'templates/test.yml': '',
};

test('contains alpy and its run-time packages, but no development packages', async () => {
  const packages = {
    '': {},
    'node_modules/yargs': {},
    'node_modules/yargs/node_modules/nested': {},
    'node_modules/eslint': { dev: true },
    'node_modules/optional-tool': { devOptional: true },
    'node_modules/not-of-this-platform': {},
  };
  await write({
    ...repository,
    'package-lock.json': JSON.stringify({ packages }),
    'node_modules/yargs/index.js': '',
    'node_modules/yargs/node_modules/nested/index.js': '',
    'node_modules/eslint/index.js': '',
    'node_modules/optional-tool/index.js': '',
    'test/unit/a.test.ts': '',
  });
  const names = (await programFiles(root)).map(({ name }) => name);
  expect(names.sort()).toEqual(
    [
      'node',
      ...Object.keys(repository).map((name) => `alpy/${name}`),
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
