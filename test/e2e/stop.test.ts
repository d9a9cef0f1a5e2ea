// SPDX-License-Identifier: GPL-3.0-or-later
// A signal at any moment of a run.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { expect, test } from 'vitest';
import { jobLabel } from '../../src/docker/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project, waitForLine } from '../support/cli.ts';
import { suiteId } from '../support/suite.ts';

const docker = new Docker();

async function containers(): Promise<readonly string[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [`${jobLabel}=${suiteId()}`] } });
  return found.flatMap(({ Names }) => Names);
}

/** Two files for one worker: the second is not even loaded when the signal comes. */
async function endlessProject(): Promise<Project> {
  const endless = `
import { test } from 'alpy/test';
test('first', async ({ dut, step }) => {
  await step('Wait', () => dut.console.expect('never', { timeoutMs: 600_000 }));
});
test('second', async ({ dut }) => { await dut.console.expect('never', { timeoutMs: 600_000 }); });
`;
  const project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\nworkers: 1\n',
    'tests/a.test.ts': endless,
    'tests/b.test.ts': endless,
  });
  await writeBlankDisk(project.path('blank.raw'));
  return project;
}

/** What the reports of a stopped run must contain. */
async function stopped(project: Project, line: RegExp, afterMs: number, kill: (pid: number) => void): Promise<object> {
  const child = project.start(['run', '--verbose']);
  await waitForLine(child, line);
  await sleep(afterMs);
  const startMs = performance.now();
  const exited = once(child, 'exit') as Promise<[number | null]>;
  kill(child.pid!);
  const [status] = await exited;
  const seconds = (performance.now() - startMs) / 1000;
  const report = JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as {
    readonly exitStatus: number;
    readonly errors: readonly object[];
    readonly tests: readonly { readonly file: string; readonly name: string; readonly status: string }[];
  };
  const tests = report.tests.map((one) => `${one.file} ${one.name} ${one.status}`).sort();
  return { status, isInTime: seconds < 5, exitStatus: report.exitStatus, errors: report.errors, tests };
}

const skipped = ['tests/a.test.ts first', 'tests/a.test.ts second', 'tests/b.test.ts first', 'tests/b.test.ts second'].map(
  (name) => `${name} skipped`,
);
const workersLine = /^workers: /;
const offsetsMs = [0, 25, 50, 75, 100, 150, 200, 250, 300, 350, 400];

test.each(offsetsMs)('Ctrl-C %d ms after the line "workers:" ends the run within 5 s, with reports', async (afterMs) => {
  await using project = await endlessProject();
  const found = await stopped(project, workersLine, afterMs, (pid) => process.kill(-pid, 'SIGINT'));
  expect(found).toEqual({ status: 130, isInTime: true, exitStatus: 130, errors: [], tests: skipped });
  expect(await containers()).toEqual([]);
});

test.each(offsetsMs)('SIGTERM to alpy alone %d ms after the line "workers:" is not lost', async (afterMs) => {
  await using project = await endlessProject();
  const found = await stopped(project, workersLine, afterMs, (pid) => process.kill(pid, 'SIGTERM'));
  expect(found).toEqual({ status: 143, isInTime: true, exitStatus: 143, errors: [], tests: skipped });
  expect(await containers()).toEqual([]);
});

test.each([
  ['while a testbed is made', /Set the testbed up\.\.\.$/],
  ['in a test', /INFO test Wait\.\.\.$/],
])('SIGTERM %s skips it and all later tests', async (_, line) => {
  await using project = await endlessProject();
  const found = await stopped(project, line, 0, (pid) => process.kill(pid, 'SIGTERM'));
  expect(found).toEqual({ status: 143, isInTime: true, exitStatus: 143, errors: [], tests: skipped });
  expect(await containers()).toEqual([]);
});

test('the second Ctrl-C, which npx passes on, does not prevent reports', async () => {
  await using project = await endlessProject();
  const found = await stopped(project, /Set the testbed up\.\.\. done/, 0, (pid) => {
    process.kill(-pid, 'SIGINT');
    setTimeout(() => process.kill(pid, 'SIGINT'), 20);
  });
  expect(found).toMatchObject({ status: 130, isInTime: true, tests: skipped });
});
