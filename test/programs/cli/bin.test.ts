// SPDX-License-Identifier: GPL-3.0-or-later
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, copyFile, mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

const bin = resolve(import.meta.dirname, '../../../src/cli/bin.ts');

test('the program that the runner image links to as alpy is executable', async () => {
  const root = resolve(import.meta.dirname, '../../..');
  const dockerfile = await readFile(join(root, 'ci-images/runner/Dockerfile'), 'utf8');
  const [, program = ''] = /ln -s \/opt\/alpy\/(\S+) \/usr\/local\/bin\/alpy/.exec(dockerfile) ?? [];
  await expect(access(join(root, program), constants.X_OK)).resolves.toBeUndefined();
});

test('a Node that is too old: one sentence and status 3, before alpy loads anything else', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-bin-'));
  await copyFile(bin, join(folder.path, 'bin.ts'));
  await writeFile(join(folder.path, 'start.ts'), 'not a program');
  const pretend = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.11.1'})";
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretend, join(folder.path, 'bin.ts'), 'run'], {
    encoding: 'utf8',
  });
  expect({ status, stdout, stderr }).toEqual({
    status: 3,
    stdout: '',
    stderr: `alpy: expected Node 24 or newer, got 20.11.1 (${process.execPath}). Install Node 24 and try again.\n`,
  });
});

/** A Node in PATH that is older than 24. */
const oldNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'node'))
  .find((file) => {
    const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
    return status === 0 && Number(/^v(\d+)\./.exec(stdout)?.[1]) < 24;
  });

test('a real Node that is too old: the same sentence', async ({ skip }) => {
  if (oldNode === undefined) return skip('no Node older than 24 is in PATH');
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-bin-'));
  const file = join(folder.path, 'bin.mjs');
  await writeFile(file, stripTypeScriptTypes(await readFile(bin, 'utf8')));
  const version = execFileSync(oldNode, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  const { status, stderr } = spawnSync(oldNode, [file], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({
    status: 3,
    stderr: expect.stringContaining(`alpy: expected Node 24 or newer, got ${version} (`) as string,
  });
});

test('if the reader exits early, like head, alpy prints no stack', async () => {
  const child = spawn(process.execPath, [bin, 'schema'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const [stderr] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(stderr).toBe('');
  expect([0, 141]).toContain(child.exitCode); // 0 if it finished before it noticed
});

test('the environment of the process is taken as the variables of the configuration', () => {
  const cwd = resolve(import.meta.dirname, '../../../docs/examples/first-test');
  const { status, stderr } = spawnSync(process.execPath, [bin, 'config'], {
    cwd,
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});

test.for([
  ['is not changed by other code, such as Vitest after a stopped run', "process.on('beforeExit',()=>{process.exitCode=1})", 0],
  ['is that of a bug if something crashes after a success', "process.on('beforeExit',()=>{throw new Error('late')})", 4],
] as const)('the exit status %s', ([, late, expected]) => {
  const { status } = spawnSync(process.execPath, ['--import', `data:text/javascript,${late}`, bin, '--version']);
  expect(status).toBe(expected);
});
