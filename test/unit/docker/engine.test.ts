// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeContainer } from '../../../src/docker/container.ts';
import { Engine } from '../../../src/docker/engine.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-engine-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true });
});

test('no daemon listens: the error says so at once', async () => {
  const socketPath = join(directory, 'none.sock');
  await expect(Engine.connect({ socketPath })).rejects.toMatchObject({
    code: 'ALPY_DAEMON',
    message: `cannot reach the Docker daemon at ${socketPath}: nothing answers there. Start the Docker daemon, or set DOCKER_HOST to the address of one`,
    remedy: 'sudo systemctl start docker',
  });
  const dead = join(directory, 'file.sock');
  await writeFile(dead, '');
  await expect(Engine.connect({ socketPath: dead })).rejects.toMatchObject({
    code: 'ALPY_DAEMON',
    remedy: 'sudo systemctl start docker',
  });
});

test('something listens but never answers', async () => {
  const socketPath = join(directory, 'silent.sock');
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  await expect(Engine.connect({ socketPath }, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
  server.closeAllConnections();
  server.close();
});

test('exits of containers and execs are reported to earlier and later waits', async () => {
  await using daemon = await FakeDaemon.open();
  using engine = await Engine.connect({ socketPath: daemon.socketPath, runId: 'r1', jobId: 'j1' });
  expect(engine).toMatchObject({
    version: '99.1',
    sharesKernel: true,
    address: daemon.socketPath,
    labels: { 'io.alpy.run': 'r1', 'io.alpy.job': 'j1' },
  });
  const events = await daemon.events;
  const early = engine.exits.exitOf('abc');
  const lines = [
    { Action: 'die', Actor: { ID: 'abc', Attributes: { exitCode: '137' } } },
    { Action: 'exec_die', Actor: { ID: 'abc', Attributes: { execID: 'e1', exitCode: '3' } } },
    { Action: 'destroy', Actor: { ID: 'abc', Attributes: {} } },
  ].map((event) => `${JSON.stringify(event)}\n`);
  const text = lines.join('');
  events.write(text.slice(0, 50)); // the stream may cut anywhere
  events.write(text.slice(50));
  expect((await early).signal).toBe('SIGKILL');
  expect((await engine.exits.exitOf('e1')).code).toBe(3);
  await engine.exits.removalOf('abc');
});

test('a daemon in a virtual machine does not share our kernel', async () => {
  await using daemon = await FakeDaemon.open(undefined, '6.6.12-linuxkit');
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  expect(engine.sharesKernel).toBe(false);
});

test('when the daemon ends, all waits fail', async () => {
  await using daemon = await FakeDaemon.open();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const waiting = engine.exits.exitOf('abc');
  (await daemon.events).end();
  await expect(waiting).rejects.toThrow('the Docker daemon closed its event stream');
  await expect(engine.exits.removalOf('later')).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
});

test('if the daemon is gone, the error of a removal names the daemon', async () => {
  const nowhere = new Docker({ socketPath: join(directory, 'none.sock') });
  await expect(removeContainer(nowhere.getContainer('x'), 'qemu')).rejects.toMatchObject({
    code: 'ALPY_DAEMON',
    message: expect.stringContaining('cannot remove qemu') as string,
  });
});

test('when the daemon refuses, the error says what alpy tried', async () => {
  await using daemon = await FakeDaemon.open();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const call = engine.call('start the container of node0', undefined, () => engine.docker.getContainer('x').start());
  await expect(call).rejects.toMatchObject({
    statusCode: 409,
    message: expect.stringMatching(/^cannot start the container of node0: .*no such thing/) as string,
  });
  const reason = new Error('stop');
  await expect(engine.call('wait', AbortSignal.abort(reason), () => Promise.resolve(1))).rejects.toBe(reason);
});
