// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { projectFiles } from '../../../src/cli/init-files.ts';
import { editorSchema, editorTsconfig, typesMap, updateEditorFiles, writeEditorFiles } from '../../../src/config/editor-files.ts';
import { configJsonSchema } from '../../../src/config/index.ts';

let project: string;

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'alpy-editor-'));
  onTestFinished(() => rm(project, { recursive: true }));
});

const read = (name: string): Promise<string> => readFile(join(project, name), 'utf8');

test('types are those of the sources, or the declarations of the build', () => {
  expect(typesMap('/alpy/src/config/editor-files.ts').get('alpy/test')).toBe('/alpy/src/runner/test.ts');
  expect([...typesMap('/x/node_modules/alpy/dist/config/editor-files.js')]).toEqual([
    ['alpy', '/x/node_modules/alpy/dist/types/index.d.ts'],
    ['alpy/test', '/x/node_modules/alpy/dist/types/test.d.ts'],
    ['alpy/carrot', '/x/node_modules/alpy/dist/types/carrot.d.ts'],
    ['carrot', '/x/node_modules/alpy/dist/types/carrot.d.ts'],
  ]);
});

test('the paths of tsconfig.json exist, and git ignores the folder', async () => {
  await writeEditorFiles(project);
  const { compilerOptions } = JSON.parse(await read(editorTsconfig)) as {
    readonly compilerOptions: {
      readonly paths: Readonly<Record<string, readonly string[]>>;
      readonly typeRoots: readonly string[];
    };
  };
  const files = [
    ...Object.values(compilerOptions.paths),
    compilerOptions.typeRoots.map((root) => join(root, 'node/index.d.ts')),
  ].flat();
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(await read('.alpy/.gitignore')).toBe('*\n');
});

test('the files are written again if a project that names them lacks them or has those of another alpy', async () => {
  await updateEditorFiles(project);
  expect(existsSync(join(project, '.alpy'))).toBe(false);
  await writeFile(join(project, 'tsconfig.json'), `{ "extends": "${editorTsconfig}" }`);
  await updateEditorFiles(project);
  const written = await read(editorTsconfig);
  await writeFile(join(project, editorTsconfig), '{}');
  await updateEditorFiles(project);
  expect(await read(editorTsconfig)).toBe(written);
});

test('the schema accepts the alpy.yaml of alpy init and rejects a wrong key and a wrong type', async () => {
  const yaml = projectFiles['alpy.yaml'] ?? '';
  expect(yaml.split('\n')[0]).toBe(`# yaml-language-server: $schema=${editorSchema}`);
  await writeEditorFiles(project);
  const schema = JSON.parse(await read(editorSchema)) as object;
  expect(schema).toEqual(configJsonSchema());
  const accepts = new Ajv().compile(schema); // draft 7
  const check = (text: string) => [accepts(parse(text)), accepts.errors?.map(({ dataPath, keyword }) => [dataPath, keyword])];
  expect(check(yaml)).toEqual([true, undefined]);
  expect(check(yaml.replace('memoryMiB: 512', 'memory: 512'))).toEqual([false, [['.appliance', 'additionalProperties']]]);
  expect(check(yaml.replace('memoryMiB: 512', 'memoryMiB: much'))).toEqual([false, [['.appliance.memoryMiB', 'type']]]);
});
