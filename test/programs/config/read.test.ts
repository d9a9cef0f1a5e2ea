// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtempDisposable, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findConfig } from '../../../src/config/find.ts';
import { knownValues } from '../../../src/config/known-names.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { parseYaml } from '../../../src/config/read.ts';
import { configJsonSchema } from '../../../src/config/schema.ts';

async function folder(files: Readonly<Record<string, string>>): Promise<{ readonly path: string } & AsyncDisposable> {
  const made = await mkdtempDisposable(join(tmpdir(), 'alpy-config-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(made.path, name, '..'), { recursive: true });
    await writeFile(join(made.path, name), text);
  }
  return { path: made.path, [Symbol.asyncDispose]: () => made.remove() };
}

const messageOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(String, (error: unknown) => (error as Error).message);

test('YAML is read', () => {
  expect(parseYaml('alpy.yaml', 'appliance:\n  image: a\n  qemuArgs: [-s]\n')).toEqual({
    appliance: { image: 'a', qemuArgs: ['-s'] },
  });
});

test.for<[string, string, string]>([
  [
    'appliance:\n  image: a\n  image: b\n',
    'two values of one name',
    'alpy.yaml:\n  line 3, column 3: expected each key once, got this one again. Remove one of them',
  ],
  [
    'a: 1\nb: [x\nc: 2\n',
    'an open list',
    'alpy.yaml:\n  line 3, column 1: Flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
  ['a: !secret x\n', 'an unknown tag', 'alpy.yaml:\n  line 1, column 4: Unresolved tag: !secret'],
  ['a: *b\n', 'an alias of nothing', 'alpy.yaml:\n  Unresolved alias (the anchor must be set before the alias): b'],
  [
    'a: 1\n---\nb: 2\n',
    'two documents',
    'alpy.yaml:\n  line 2, column 1: Source contains multiple documents; please use YAML.parseAllDocuments()',
  ],
])('%j (%s) is refused with line and column', ([text, , message]) => {
  expect(() => parseYaml('alpy.yaml', text)).toThrow(expect.objectContaining({ message, code: 'ALPY_CONFIG', fault: 'usage' }));
});

test('the file is searched for in the folder and above, up to the top of the git repository', async () => {
  await using made = await folder({ 'alpy.yaml': '', 'a/b/x': '', 'repo/.git/x': '', 'repo/c/x': '', 'own/alpy.config.ts': '' });
  const find = (name: string): Promise<string | undefined> => findConfig(join(made.path, name));
  expect(await Promise.all(['.', 'a/b', 'repo/c', 'own'].map(find))).toEqual([
    join(made.path, 'alpy.yaml'),
    join(made.path, 'alpy.yaml'),
    undefined,
    join(made.path, 'own/alpy.config.ts'),
  ]);
});

test('two files in one folder are refused', async () => {
  await using made = await folder({ 'alpy.yaml': '', 'alpy.config.ts': '' });
  expect(await messageOf(loadConfig({ directory: made.path }))).toBe(
    `${made.path}:\n  expected one configuration file, got alpy.config.ts and alpy.yaml. Keep one, or name it with --config`,
  );
});

test('if there are two files, `--config` chooses one', async () => {
  await using made = await folder({ 'alpy.yaml': 'appliance: { image: a }', 'alpy.config.ts': '' });
  const { file, root, config } = await loadConfig({
    directory: made.path,
    file: 'alpy.yaml',
    variables: { ALPY_BOOT: 'snapshot' },
  });
  expect([file, root, config.devices[0].appliance.image, config.boot]).toEqual([
    join(made.path, 'alpy.yaml'),
    made.path,
    join(made.path, 'a'),
    'snapshot',
  ]);
});

test('a missing file, no file and an unknown kind of file are refused', async () => {
  await using made = await folder({ '.git/x': '', 'alpy.json': '{}' });
  const messages = [undefined, 'no.yaml', 'no.ts', 'alpy.json'].map((file) =>
    messageOf(loadConfig({ directory: made.path, file })),
  );
  expect(await Promise.all(messages)).toEqual([
    `${made.path}:\n  no alpy.config.ts or alpy.yaml in this directory or above. alpy init creates one`,
    `${made.path}/no.yaml:\n  there is no such file`,
    `${made.path}/no.ts:\n  there is no such file`,
    `${made.path}/alpy.json:\n  expected a file that ends in .ts or .yaml, got alpy.json`,
  ]);
});

test.for(['alpy.yaml', 'alpy.config.ts'])('%s is refused if it is a pipe or too large', async (name) => {
  await using made = await folder({ '.git/x': '' });
  const file = join(made.path, name);
  execFileSync('mkfifo', [file]);
  const load = (): Promise<unknown> => loadConfig({ directory: made.path, file: name });
  await expect(load()).rejects.toMatchObject({ code: 'ALPY_CONFIG' });
  await rm(file);
  await writeFile(file, '');
  await truncate(file, 2 ** 30);
  await expect(load()).rejects.toMatchObject({ code: 'ALPY_CONFIG' });
});

test('the JSON Schema requires an appliance, or appliances by name, and describes every value', () => {
  expect(configJsonSchema()).toMatchObject({
    type: 'object',
    anyOf: [{ required: ['appliance'] }, { required: ['appliances'] }],
    additionalProperties: false,
  });
  expect(knownValues().filter(({ description }) => description === 'undefined')).toEqual([]);
});
