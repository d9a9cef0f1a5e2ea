// SPDX-License-Identifier: GPL-3.0-or-later
// A Docker daemon that dies or freezes during a run.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import Docker, { type ContainerInfo } from 'dockerode';
import { expect, test } from 'vitest';
import { jobLabel } from '../../src/docker/index.ts';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project, waitForLine } from '../support/cli.ts';
import { DaemonProxy } from '../support/daemon-proxy.ts';
import { suiteId } from '../support/suite.ts';

const testFile = `
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'alpy/test';
test('passes', ({ nodes }) => { expect(nodes).toHaveLength(1); });
test('waits', async ({ dut, signal, step }) => {
  await step('Wait', () => dut.console.expect('never', { timeoutMs: 600_000, signal }));
});
test('pings', async ({ nodes: [node], signal, step }) => {
  await step('Wait until the daemon is frozen', async () => { while (!existsSync('frozen')) await sleep(20, undefined, { signal }); });
  await step('Ping', () => expect(node).toReach('192.0.2.1', { timeoutMs: 1000 }));
});
`;

async function project(): Promise<Project> {
  const created = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 1 }\nworkers: 1\n',
    'tests/a.test.ts': testFile,
  });
  await writeBlankDisk(created.path('blank.raw'));
  return created;
}

interface Ended {
  readonly status: number | null;
  /** the time since this was called */
  readonly seconds: number;
}

async function end(child: ChildProcess): Promise<Ended> {
  const startMs = performance.now();
  const [status] = (await once(child, 'exit')) as [number | null];
  return { status, seconds: (performance.now() - startMs) / 1000 };
}

interface RunJson {
  readonly tests: readonly { readonly name: string; readonly status: string; readonly errors: readonly object[] }[];
  readonly errors: readonly { readonly code?: string; readonly fault?: string }[];
}

async function runJson(of: Project): Promise<RunJson> {
  return JSON.parse(await readFile(of.path('alpy-out/run.json'), 'utf8')) as RunJson;
}

async function containersOf(jobId: string): Promise<readonly ContainerInfo[]> {
  return new Docker().listContainers({ all: true, filters: { label: [`${jobLabel}=${jobId}`] } });
}

/** `alpy clean` removes the containers of a frozen daemon when it is back. */
async function expectNothingLeft(of: Project): Promise<void> {
  expect((await of.run(['clean'])).status).toBe(0);
  expect(await containersOf(suiteId())).toEqual([]);
}

test('a daemon that dies ends the run with status 3, and reports cover what ran before', async () => {
  await using proxy = await DaemonProxy.open();
  await using own = await project();
  const child = own.start(['run', '--verbose'], { DOCKER_HOST: proxy.host });
  await waitForLine(child, /INFO test Wait\.\.\.$/);
  const ended = end(child);
  await proxy.die();
  const { status, seconds } = await ended;
  expect(status).toBe(3);
  expect(seconds).toBeLessThan(10);
  const { tests, errors } = await runJson(own);
  expect(tests.map(({ name, status: how }) => `${name} ${how}`)).toContain('passes passed');
  expect(errors.map(({ fault }) => fault)).toContain('environment');
  expect(await readFile(own.path('alpy-out/junit.xml'), 'utf8')).toContain('passes');
  const files = await readdir(own.path('alpy-out'), { recursive: true });
  expect(files.filter((path) => basename(path).startsWith('.'))).toEqual([]); // the folders that QEMU writes to
});

test('containers that were created, but not started when the daemon died are removed as soon as it is back', async () => {
  await using proxy = await DaemonProxy.open();
  proxy.dieAt(/^POST \S+\/start /);
  await using own = await project();
  const jobId = `${suiteId()}-created`;
  const child = own.start(['run', '--test-name', 'passes'], { DOCKER_HOST: proxy.host, ALPY_JOB_ID: jobId });
  expect((await end(child)).status).toBe(3);
  expect((await containersOf(jobId)).map(({ State }) => State)).toContain('created');
  await proxy.revive();
  await expect.poll(() => containersOf(jobId), { timeout: 20_000 }).toEqual([]);
});

test('a ping without an answer while the daemon is frozen is an environment error', async () => {
  await using proxy = await DaemonProxy.open();
  await using own = await project();
  const child = own.start(['run', '--verbose', '--test-name', 'pings'], { DOCKER_HOST: proxy.host });
  await waitForLine(child, /INFO test Wait until the daemon is frozen\.\.\.$/);
  const ended = end(child);
  proxy.freeze();
  await writeFile(own.path('frozen'), '');
  await waitForLine(child, /INFO test Ping\.\.\. failed: the Docker daemon at .* did not answer for/);
  proxy.thaw();
  expect((await ended).status).toBe(3);
  const { tests } = await runJson(own);
  expect(tests.find(({ name }) => name === 'pings')).toMatchObject({
    status: 'error',
    errors: [{ code: 'ALPY_DAEMON', fault: 'environment' }],
  });
});

test('Ctrl-C ends a run within 10 s although the daemon stays frozen, and reports cover what ran before', async () => {
  await using proxy = await DaemonProxy.open();
  await using own = await project();
  const child = own.start(['run', '--verbose'], { DOCKER_HOST: proxy.host });
  await waitForLine(child, /INFO test Wait\.\.\.$/);
  proxy.freeze();
  const ended = end(child);
  process.kill(-child.pid!, 'SIGINT');
  const { status, seconds } = await ended;
  expect(status).toBe(130);
  expect(seconds).toBeLessThan(10);
  const { tests } = await runJson(own);
  expect(tests.map(({ name, status: how }) => `${name} ${how}`)).toContain('passes passed');
  await expectNothingLeft(own);
});

test('Ctrl-C ends a run within 10 s while it examines the machine', async () => {
  await using proxy = await DaemonProxy.open();
  await using own = await project();
  const child = own.start(['run'], { DOCKER_HOST: proxy.host });
  const got = waitForLine(child, /got SIGINT/);
  await proxy.connections(4); // it has connected, and sends requests
  proxy.freeze();
  process.kill(child.pid!, 'SIGINT');
  await got;
  const { status, seconds } = await end(child);
  expect(status).toBe(130);
  expect(seconds).toBeLessThan(10);
  expect((await runJson(own)).tests).toEqual([]);
  await expectNothingLeft(own);
});
