// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import yargs from 'yargs';
import { initCommand } from '../../../src/cli/init.ts';

async function init(files: Readonly<Record<string, string>>): Promise<{ directory: string; stdout: readonly string[] }> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-init-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
  const lines: string[] = [];
  const io = {
    env: {},
    directory,
    signal: new AbortController().signal,
    stdout: (line: string) => lines.push(line),
    stderr: (line: string) => lines.push(line),
    exitWith: () => undefined,
  };
  await yargs().command(initCommand(io)).fail(false).parseAsync(['init']);
  return { directory, stdout: lines };
}

test('an empty folder gets a configuration, a test, a tsconfig.json and a pipeline', async () => {
  const { stdout } = await init({});
  expect(stdout).toEqual([
    'wrote alpy.yaml',
    'wrote tests/boot.test.ts',
    'wrote tsconfig.json',
    'wrote .gitlab-ci.yml',
    expect.stringMatching(/^wrote \.alpy:/),
    expect.stringContaining('next: '),
  ]);
});

test('a tsconfig.json stays, and alpy init says what to add unless it is there', async () => {
  const present = '{ "compilerOptions": { "strict": true } }';
  const { directory, stdout } = await init({ 'tsconfig.json': present });
  await expect(readFile(join(directory, 'tsconfig.json'), 'utf8')).resolves.toBe(present);
  expect(stdout).toContainEqual(
    expect.stringMatching(/^tsconfig\.json already exists\..*"extends": "\.\/\.alpy\/tsconfig\.json"/s),
  );
  const again = await init({ 'tsconfig.json': '{ "extends": "./.alpy/tsconfig.json" }' });
  expect(again.stdout.join('\n')).not.toContain('tsconfig.json already exists');
});

test('an alpy.yaml stays, and nothing is written', async () => {
  await expect(init({ 'alpy.yaml': '' })).rejects.toMatchObject({ code: 'ALPY_USAGE' });
});
