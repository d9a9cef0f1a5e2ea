// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { acquire } from '../../../src/runner/scheduler/lease.ts';
import { SchedulerServer } from '../../../src/runner/scheduler/server.ts';
import { Spares, type SparePlan } from '../../../src/runner/spares.ts';
import type { CreatedTestbed } from '../../../src/testbed/index.ts';

const demand = { kind: 'testbed', memoryMiB: 1000, exclusive: false } as const;
const { signal } = new AbortController();

interface Prepared extends AsyncDisposable {
  readonly server: SchedulerServer;
  readonly spares: Spares;
  readonly folder: string;
}

/** A scheduler, the spare testbeds of a worker on a machine that is never idle, and the empty folder of its next test. */
async function prepared(): Promise<Prepared> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'alpy-spares-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const server = stack.use(await SchedulerServer.open({ testbeds: 9, memoryMiB: 1000, boots: 1 }));
  const spares = stack.use(new Spares(server.path, () => Promise.resolve(false)));
  const all = stack.move();
  return { server, spares, folder, [Symbol.asyncDispose]: () => all[Symbol.asyncDispose]() };
}

/** @param close - that of the testbed; called after its files have been made */
function planOf(directory: string, created: () => void, close = (): Promise<void> => Promise.resolve()): SparePlan {
  return {
    directory,
    files: ['link0.pcap'],
    key: 'one link',
    memoryMiB: 600,
    waitsForCore: false,
    create: async () => {
      await writeFile(join(directory, 'link0.pcap'), '');
      created();
      return { close } as unknown as CreatedTestbed;
    },
  };
}

test('a test that wants another testbed keeps its log when the spare one is discarded', async () => {
  await using all = await prepared();
  const { spares, folder } = all;
  const created = Promise.withResolvers<void>();
  spares.prepare(planOf(folder, created.resolve));
  await created.promise;
  await writeFile(join(folder, 'debug.log'), 'the test has begun');
  expect(await spares.take({ directory: folder, key: 'two links' }, demand, signal)).toBeUndefined();
  expect(await readdir(folder)).toEqual(['debug.log']);
});

test('a test waits until a spare testbed that was revoked is discarded, which happens once', async () => {
  await using all = await prepared();
  const { server, spares, folder } = all;
  const created = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  let closes = 0;
  const close = async (): Promise<void> => {
    closes += 1;
    closing.resolve();
    await closed.promise;
  };
  spares.prepare(planOf(folder, created.resolve, close));
  await created.promise;
  const other = acquire(server.path, demand);
  await closing.promise;
  expect(spares.has(folder)).toBe(true);
  const taken = spares.take({ directory: folder, key: 'one link' }, demand, signal);
  closed.resolve();
  expect(await taken).toBeUndefined();
  (await other)[Symbol.dispose]();
  expect(closes).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test('a test does not wait for an idle core', async () => {
  await using all = await prepared();
  const { spares, folder } = all;
  spares.prepare({ ...planOf(folder, () => undefined), waitsForCore: true });
  expect(await spares.take({ directory: folder, key: 'one link' }, demand, signal)).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
});

test('the wait for room for a spare testbed ends with the worker, also if the scheduler does not answer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'alpy-spares-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'scheduler');
  const connected = Promise.withResolvers<Socket>();
  const silent = createServer(connected.resolve).listen(path); // as that of a main process that was stopped
  stack.defer(() => void silent.close());
  await once(silent, 'listening');
  const spares = new Spares(path, () => Promise.resolve(true));
  spares.prepare(planOf(folder, () => undefined));
  const socket = await connected.promise;
  socket.resume();
  await Promise.all([once(socket, 'close'), spares[Symbol.asyncDispose]()]);
});
