// SPDX-License-Identifier: GPL-3.0-or-later
// `alpy init --image`, as somebody uses it who has an image and nothing else.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseYaml } from '../../src/config/read.ts';
import { Project, waitForLine } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';

let project: Project;

beforeEach(async () => {
  project = await Project.create({});
});

afterEach(async () => {
  await project[Symbol.asyncDispose]();
});

test('`alpy init --image` writes a configuration and a test that pass without an edit', async () => {
  const init = await project.run(['init', '--image', rabbitImage, '--user', 'root', '--password', 'rabbit']);
  expect(init.status, init.stderr).toBe(0);
  expect(init.stdout).not.toContain('npx'); // this folder has no package.json, so npx would get some other package
  const written = parseYaml('alpy.yaml', await readFile(project.path('alpy.yaml'), 'utf8'));
  expect(written).toMatchObject({
    appliance: { name: 'rabbit', login: { user: 'root', password: 'rabbit' } },
    topology: { links: 2 },
  });
  const run = await project.run(['run']);
  expect(run.status, run.stdout).toBe(0);
});

test('`alpy init --image` asks on the terminal how to log in, again if the log-in is refused', async () => {
  const { status, screen } = await project.runInTerminal(['init', '--image', rabbitImage], 'root\nwrong\nroot\nrabbit\n');
  expect(status, screen).toBe(0);
  const written = parseYaml('alpy.yaml', await readFile(project.path('alpy.yaml'), 'utf8'));
  expect(written).toMatchObject({ appliance: { login: { user: 'root', password: 'rabbit' } } });
});

test('Ctrl+C ends `alpy init --image`, and it writes nothing', async () => {
  const child = project.start(['init', '--image', rabbitImage, '--user', 'root']);
  const exited = once(child, 'exit') as Promise<[number, string | null]>;
  await waitForLine(child, /^try 1/);
  child.kill('SIGINT');
  expect(await exited).toEqual([130, null]);
  for (const name of ['alpy.yaml', 'tests', 'alpy-out/init']) expect(existsSync(project.path(name))).toBe(false);
});

test('`alpy init --image` refuses a file that is not there, and a project that is', async () => {
  expect((await project.run(['init', '--image', 'none.qcow2'])).status).toBe(3);
  expect((await project.run(['init'])).status).toBe(0);
  expect((await project.run(['init', '--image', rabbitImage])).status).toBe(2);
  expect((await project.run(['init', '--user', 'root'])).status).toBe(2);
});
