// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadManifest, manifestFile, ManifestError } from '../../../src/images/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'alpy-manifest-'));
  await mkdir(path.join(folder, 'there'));
  await writeFile(path.join(folder, 'there', 'Dockerfile'), 'FROM scratch\n');
});
afterAll(() => rm(folder, { recursive: true }));

const head =
  'registry: alpy\ntag: latest\nbase: { image: "debian:trixie-slim", suite: trixie, mirror: "http://deb.debian.org/debian" }\n';

async function problemsOf(source: string): Promise<readonly string[]> {
  const file = path.join(folder, 'images.yaml');
  await writeFile(file, source);
  try {
    loadManifest(file);
    return [];
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    expect(error.message).toBe([`${file}:`, ...error.problems.map((problem) => `  ${problem}`)].join('\n'));
    return error.problems;
  }
}

test('a valid list is accepted', async () => {
  expect(await problemsOf(`${head}images:\n  one: { folder: there, purpose: is there }\n`)).toEqual([]);
});

test('all problems are reported together', async () => {
  const source = [
    'registry: ""',
    'base: { image: "debian:trixie-slim", suite: trixie, mirror: mirror.example }',
    'colour: red',
    'images:',
    '  One: { folder: there, purpose: is there }',
    '  tag: { folder: there, purpose: is there }',
    '  two: { folder: ../two, purpose: "a\\nb" }',
    '  three: { folder: there }',
    '',
  ].join('\n');
  const name = 'an image name consists of lower case letters, digits and hyphens, and is not "registry" or "tag"';
  expect(await problemsOf(source)).toEqual([
    'registry: Too small: expected string to have >=1 characters',
    'tag: Invalid input: expected string, received undefined',
    'base.mirror: Invalid URL',
    `images.One: ${name}`,
    `images.tag: ${name}`,
    'images.two.folder: must be a folder beside this file',
    'images.two.purpose: must be one line',
    'images.three.purpose: Invalid input: expected string, received undefined',
    '(top): Unrecognized key: "colour"',
  ]);
});

test('every folder needs a Dockerfile', async () => {
  const problems = await problemsOf(`${head}images:\n  one: { folder: gone, purpose: p }\n  two: { folder: away, purpose: p }\n`);
  expect(problems).toEqual([
    `images.one.folder: no Dockerfile in ${folder}/gone`,
    `images.two.folder: no Dockerfile in ${folder}/away`,
  ]);
});

test('invalid YAML and a missing file are reported too', async () => {
  expect(await problemsOf('images: [')).toHaveLength(1);
  expect(() => loadManifest('/nowhere/images.yaml')).toThrow('/nowhere/images.yaml:\n  cannot be read: ENOENT');
});

test("the package's own list is valid", () => {
  expect(loadManifest().file).toBe(manifestFile);
});
