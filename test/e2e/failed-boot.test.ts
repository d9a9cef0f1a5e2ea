// SPDX-License-Identifier: GPL-3.0-or-later
// The files of a failed boot, and its effect on the other tests.
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport } from '../../src/report/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

const yaml = `
appliance: { image: blank.raw, memoryMiB: 64, bootTimeoutMs: 1500, login: { user: root, shellPrompt: '# ' } }
topology: { links: 0 }
workers: 2
`;
const body = "import { test } from 'alpy/test';\ntest('boots', ({ dut }) => { void dut; });\n";
const files = ['a', 'b', 'c', 'd', 'e', 'f'];

let project: Project;

beforeAll(async () => {
  const tests = files.map((name) => [`tests/${name}.test.ts`, body] as const);
  project = await Project.create({ 'alpy.yaml': yaml, ...Object.fromEntries(tests) });
  await writeBlankDisk(project.path('blank.raw'));
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function report(): Promise<RunReport> {
  return JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
}

test('of six test files whose guest never prompts one has an error, with its screen and console log; the others do not run', async () => {
  const run = await project.run(['run', '--quiet']);
  expect(run.status, run.stdout).toBe(3);
  const { tests } = await report();
  const [failed, others] = [tests.filter(({ status }) => status === 'error'), tests.filter(({ status }) => status !== 'error')];
  const first = failed[0]?.errors[0]?.message;
  expect(failed.map(({ errors }) => errors.length)).toEqual([1]);
  expect(first).toMatch(
    /^dut did not boot: .*\nnothing came on the serial port.*\npicture of the screen: .*\/tests\/.\-boots\/boot\/screen\.png$/,
  );
  const details = tests.flatMap(({ errors }) => errors.flatMap((error) => error.details ?? []));
  const screen = details.find(({ title }) => title === 'The screen')?.lines.join('\n');
  expect(screen).toMatch(/^SeaBIOS .*\n(?:.*\n)*Booting from Hard Disk/);
  const directory = /picture of the screen: (.*)\/screen\.png$/.exec(first ?? '')?.[1] ?? '';
  expect((await readdir(directory)).sort()).toEqual(['console.log', 'console.txt', 'screen.png']);
  expect((await readFile(`${directory}/screen.png`)).subarray(1, 4).toString()).toBe('PNG');
  const reason = 'not run: the device did not boot for the test "boots"';
  const skipped = { status: 'skipped', notRun: true, errors: [], skipReason: reason };
  expect(others).toMatchObject(Array.from({ length: files.length - 1 }, () => skipped));
  expect(run.stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed, 5 skipped');
});

test('with retries, the test whose boot failed stays an error, and the others do not run', async () => {
  const run = await project.run(['run', '--quiet', '--retries', '1', 'a.test', 'b.test']);
  expect(run.status, run.stdout).toBe(3);
  const { tests } = await report();
  expect(tests.map(({ status }) => status).sort()).toEqual(['error', 'skipped']);
});

test('a test that is expected to fail is an error if its guest does not boot', async () => {
  await using failing = await Project.create({
    'alpy.yaml': yaml,
    'tests/a.test.ts': "import { test } from 'alpy/test';\ntest.fails('boots', ({ dut }) => { void dut; });\n",
  });
  await writeBlankDisk(failing.path('blank.raw'));
  const run = await failing.run(['run', '--quiet']);
  expect({ status: run.status, last: run.stdout.trimEnd().split('\n').at(-1) }, run.stdout).toEqual({
    status: 3,
    last: '0 passed, 1 failed',
  });
});

test('with `--boot cold`, each test boots its own guest', async () => {
  await project.run(['run', '--quiet', '--boot', 'cold', 'a.test', 'b.test']);
  const { tests } = await report();
  expect(tests).toHaveLength(2);
  for (const { errors, artifacts } of tests) {
    expect(errors[0]).toMatchObject({ code: 'ALPY_BOOT', fault: 'environment' });
    expect(artifacts.filter((file) => file.endsWith('screen.png'))).toHaveLength(1);
  }
});
