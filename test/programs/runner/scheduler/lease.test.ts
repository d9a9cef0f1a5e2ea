// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { acquire, acquireSpare } from '../../../../src/runner/scheduler/lease.ts';
import { removeDeadSchedulers, SchedulerServer } from '../../../../src/runner/scheduler/server.ts';

const serverFile = join(import.meta.dirname, '..', '..', '..', '..', 'src', 'runner', 'scheduler', 'server.ts');

const { signal } = new AbortController();
const all = { kind: 'testbed', memoryMiB: 1000, exclusive: false } as const;

/** Gives this test a folder for temporary files of its own: a run that another test starts meanwhile removes what is left in the usual one. */
async function ownTemporaryFolder(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'alpy-lease-'));
  vi.stubEnv('TMPDIR', folder);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
}

test('a lease is granted to the next process when the first releases it', async () => {
  await using server = await SchedulerServer.open({ testbeds: 9, memoryMiB: 1000, boots: 1 });
  const first = await acquire(server.path, all);
  const second = acquire(server.path, all);
  let hasSecond = false;
  void second.then(() => {
    hasSecond = true;
  });
  (await acquire(server.path, { kind: 'boot' }))[Symbol.dispose](); // the server has answered others meanwhile
  expect(hasSecond).toBe(false);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});

test('the leases of a process are released when it dies', async () => {
  await using server = await SchedulerServer.open({ testbeds: 9, memoryMiB: 1000, boots: 1 });
  const script = `const s = require('net').connect(process.argv[1]); s.write(process.argv[2] + '\\n'); s.on('data', () => console.log('has it'))`;
  const child = spawn(process.execPath, ['-e', script, server.path, JSON.stringify(all)]);
  await once(child.stdout, 'data');
  const next = acquire(server.path, all);
  child.kill('SIGKILL');
  (await next)[Symbol.dispose]();
});

test('the next run removes the folder of a killed run', async () => {
  await ownTemporaryFolder();
  const script = `import { SchedulerServer } from ${JSON.stringify(serverFile)};
    console.log((await SchedulerServer.open({ testbeds: 1, memoryMiB: 1, boots: 1 })).path); setInterval(() => {}, 1e6);`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { env });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const folder = dirname(line.toString());
  await using alive = await SchedulerServer.open({ testbeds: 9, memoryMiB: 1000, boots: 1 });
  expect((await stat(folder)).isDirectory()).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(removeDeadSchedulers()).toEqual([folder]);
  await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await stat(alive.path)).isSocket()).toBe(true);
});

test('the folder of a run in another PID namespace is kept for a day, because the run may continue', async () => {
  await ownTemporaryFolder();
  const folder = join(tmpdir(), 'alpy-run-00000000-1-1-abcdef');
  await mkdir(folder);
  const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
  await utimes(folder, hoursAgo(23), hoursAgo(23));
  expect(removeDeadSchedulers()).toEqual([]);
  await utimes(folder, hoursAgo(25), hoursAgo(25));
  expect(removeDeadSchedulers()).toEqual([folder]);
});

test('a demand is an environment error if nothing listens at the socket', async () => {
  const path = join(tmpdir(), `alpy-none-${randomBytes(6).toString('hex')}`);
  await expect(acquire(path, all)).rejects.toMatchObject({
    code: 'ALPY_ENVIRONMENT',
    fault: 'environment',
    cause: { code: 'ENOENT' },
  });
  const script = "const s = require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  await once(spawn(process.execPath, ['-e', script, path], { env: { ...process.env, NODE_OPTIONS: '' } }), 'exit');
  await expect(acquire(path, all)).rejects.toMatchObject({
    code: 'ALPY_ENVIRONMENT',
    fault: 'environment',
    cause: { code: 'ECONNREFUSED' },
  });
  await rm(path);
});

test('a cancelled request is not granted', async () => {
  await using server = await SchedulerServer.open({ testbeds: 9, memoryMiB: 1000, boots: 1 });
  const first = await acquire(server.path, all);
  const given = new AbortController();
  const impatient = acquire(server.path, all, given.signal);
  given.abort();
  await expect(impatient).rejects.toBe(given.signal.reason);
  first[Symbol.dispose]();
  (await acquire(server.path, all))[Symbol.dispose]();
});

test('an impossible request is refused, and the end of the run rejects pending requests', async () => {
  const server = await SchedulerServer.open({ testbeds: 9, memoryMiB: 1000, boots: 1 });
  await expect(acquire(server.path, { ...all, memoryMiB: 5000 })).rejects.toMatchObject({
    code: 'ALPY_ENVIRONMENT',
    message: expect.stringContaining('appliance.memoryMiB') as string,
  });
  await acquire(server.path, all);
  const waiting = acquire(server.path, all);
  waiting.catch(() => undefined);
  await acquire(server.path, { kind: 'boot' });
  await server[Symbol.asyncDispose]();
  await expect(waiting).rejects.toMatchObject({ code: 'ALPY_ENVIRONMENT' });
  await expect(stat(server.path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('room for a spare testbed is refused at once, revoked for a test, or used by a test', async () => {
  await using server = await SchedulerServer.open({ testbeds: 9, memoryMiB: 1000, boots: 1 });
  expect(await acquireSpare(server.path, 1001, signal)).toBeUndefined();
  const spare = (await acquireSpare(server.path, 600, signal))!;
  const other = acquire(server.path, all);
  await once(spare.revoked, 'abort');
  expect(await spare.use(all, new AbortController().signal)).toBeUndefined();
  spare[Symbol.dispose]();
  (await other)[Symbol.dispose]();

  const next = (await acquireSpare(server.path, 1000, signal))!;
  const lease = await next.use(all, new AbortController().signal);
  expect(await acquireSpare(server.path, 1, signal)).toBeUndefined();
  lease?.[Symbol.dispose]();
  (await acquire(server.path, all))[Symbol.dispose]();
});

test('there is no spare testbed after the run has ended', async () => {
  const path = join(tmpdir(), `alpy-none-${randomBytes(6).toString('hex')}`);
  expect(await acquireSpare(path, 1, signal)).toBeUndefined();
});
