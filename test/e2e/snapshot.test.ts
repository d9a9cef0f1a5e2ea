// SPDX-License-Identifier: GPL-3.0-or-later
// `alpy snapshot`, and runs that start from its snapshots.
import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunReport, StepReport } from '../../src/report/index.ts';
import type { SnapshotListing } from '../../src/snapshot/index.ts';
import { Project } from '../support/cli.ts';
import { rabbitImage } from '../support/testbeds.ts';

const yaml = `
appliance:
  name: rabbit
  image: ${rabbitImage}
  login: { user: root, password: rabbit, loginPrompt: 'rabbit login: ', shellPrompt: '/rabbit:.*# $/' }
  provision: [echo provisioned >/tmp/provisioned]
topology: { links: 0 }
`;
const tests = `
import { expect, test } from 'alpy/test';
test('a', async ({ dut }) => { expect((await dut.shell.run('cat /tmp/provisioned')).output).toBe('provisioned'); });
`;

let project: Project;

beforeAll(async () => {
  project = await Project.create({ 'alpy.yaml': yaml, 'tests/a.test.ts': tests });
});

afterAll(async () => {
  await project[Symbol.asyncDispose]();
});

async function list(): Promise<readonly SnapshotListing[]> {
  return JSON.parse((await project.run(['snapshot', 'list', '--json'])).stdout) as readonly SnapshotListing[];
}

/** Whether a test of the last run booted its guest. */
async function hasBooted(): Promise<boolean> {
  const report = JSON.parse(await readFile(project.path('alpy-out/run.json'), 'utf8')) as RunReport;
  const hasBoot = (steps: readonly StepReport[]): boolean =>
    steps.some(({ category, children }) => category === 'testbed.boot' || hasBoot(children));
  return report.tests.some(({ steps }) => hasBoot(steps));
}

test('a saved snapshot moves to another store in an archive, and tests start from it', async () => {
  const saved = await project.run(['snapshot', 'save', 'rabbit.tar.zst']);
  expect(saved).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^saved [0-9a-f]{32} to rabbit\.tar\.zst\n$/) as string,
  });
  const [made] = await list();
  expect(await project.run(['snapshot', 'prune', '--all'])).toMatchObject({ status: 0 });
  expect(await list()).toEqual([]);
  expect((await project.run(['snapshot'])).stdout).toBe(`no snapshots in ${project.path('snapshots')}\n`);
  expect(await project.run(['snapshot', 'load', 'rabbit.tar.zst'])).toMatchObject({ status: 0 });
  expect((await list())[0]?.record).toEqual(made?.record);

  const run = await project.run(['run', '--verbose']);
  expect(run.stdout).toContain(`boot: from snapshots in ${project.path('snapshots')}\n`);
  expect({ status: run.status, booted: await hasBooted() }, run.stdout).toEqual({ status: 0, booted: false });
});

test('with --boot cold, every guest boots and is still provisioned', async () => {
  const run = await project.run(['run', '--verbose', '--boot', 'cold']);
  expect(run.stdout).toContain('boot: cold (the configuration says so)\n');
  expect({ status: run.status, booted: await hasBooted() }, run.stdout).toEqual({ status: 0, booted: true });
});

test('a full store slows tests down, but fails none', async () => {
  const run = await project.run(['run', '--quiet'], {
    ALPY_SNAPSHOTS_MAX_MIB: '1',
    ALPY_SNAPSHOTS_DIRECTORY: project.path('tiny'),
  });
  expect({ status: run.status, booted: await hasBooted() }, run.stdout).toEqual({ status: 0, booted: true });
  const log = await readFile(project.path('alpy-out/tests/a-a/debug.log'), 'utf8');
  expect(log).toMatch(/booting without a snapshot: .*\/tiny .*snapshots\.maxMiB/);
});

test('a file that is no archive, or an incomplete one, is refused', async () => {
  await rm(project.path('snapshots'), { recursive: true });
  const none = await project.run(['snapshot', 'load', 'alpy.yaml']);
  expect(none).toMatchObject({ status: 3, stderr: expect.stringMatching(/alpy\.yaml.* \(ALPY_SNAPSHOT\)\n$/s) as string });
  expect(await project.run(['snapshot', 'load'])).toMatchObject({ status: 2 });
  expect(await list()).toEqual([]);
});
