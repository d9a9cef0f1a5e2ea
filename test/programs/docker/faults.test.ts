// SPDX-License-Identifier: GPL-3.0-or-later
// A daemon that freezes, dies or talks nonsense.
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { withDeadline } from '../../../src/core/deadline.ts';
import { DeviceError } from '../../../src/core/errors.ts';
import { Engine } from '../../../src/docker/engine.ts';
import { writeFiles } from '../../../src/docker/files.ts';
import { DaemonProxy } from '../../support/daemon-proxy.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

const never = new Promise<never>(() => undefined);
const missed = (): Error => new DeviceError('no answer from the device');

test('a deadline missed while the daemon is frozen is not a fault of the device', async () => {
  await using daemon = await FakeDaemon.open();
  await using proxy = await DaemonProxy.open(daemon.socketPath);
  const waiting = (): Promise<never> => withDeadline({ timeoutMs: 10 }, missed, () => never);
  const waitWithEngine = async (): Promise<void> => {
    using _engine = await Engine.connect({ socketPath: proxy.path });
    await waiting();
  };
  await expect(waitWithEngine()).rejects.toBeInstanceOf(DeviceError);
  {
    using _engine = await Engine.connect({ socketPath: proxy.path, pingTimeoutMs: 200 });
    proxy.freeze();
    await expect(waiting()).rejects.toMatchObject({ code: 'ALPY_DAEMON', fault: 'environment' });
  }
  proxy.thaw();
  await expect(waitWithEngine()).rejects.toBeInstanceOf(DeviceError);
}, 30_000);

test('a deadline missed because the daemon is dead is not a fault of the device', async () => {
  await using daemon = await FakeDaemon.open();
  await using proxy = await DaemonProxy.open(daemon.socketPath);
  using _engine = await Engine.connect({ socketPath: proxy.path });
  await proxy.die();
  await expect(withDeadline({ timeoutMs: 10 }, missed, () => never)).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
});

test('a wait that its caller ends does not ping a frozen daemon first', async () => {
  await using daemon = await FakeDaemon.open();
  await using proxy = await DaemonProxy.open(daemon.socketPath);
  using _engine = await Engine.connect({ socketPath: proxy.path });
  proxy.freeze();
  const stop = new AbortController();
  const waiting = withDeadline({ timeoutMs: 10, signal: stop.signal }, missed, () => never);
  const reason = new Error('stopped');
  setTimeout(() => {
    stop.abort(reason);
  }, 50);
  await expect(waiting).rejects.toBe(reason);
});

test('a daemon that stays silent counts as lost: pending and further calls fail', async () => {
  await using daemon = await FakeDaemon.open();
  await using proxy = await DaemonProxy.open(daemon.socketPath);
  using engine = await Engine.connect({ socketPath: proxy.path, lostMs: 300, beatMs: 50 });
  proxy.freeze();
  const exited = engine.exits.exitOf('abc');
  const call = engine.call('list', undefined, () => engine.docker.listContainers());
  await expect(exited).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
  await expect(call).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
  expect(engine.lost.reason).toMatchObject({ code: 'ALPY_DAEMON' });
  proxy.thaw();
  await expect(engine.call('list', undefined, () => engine.docker.info())).rejects.toBe(engine.lost.reason);
}, 30_000);

test('when the daemon dies, all waits fail with an environment error', async () => {
  await using daemon = await FakeDaemon.open();
  await using proxy = await DaemonProxy.open(daemon.socketPath);
  using engine = await Engine.connect({ socketPath: proxy.path });
  const exited = engine.exits.exitOf('abc');
  await proxy.die();
  await expect(exited).rejects.toMatchObject({ fault: 'environment' });
  expect(engine.lost.aborted).toBe(true);
  await expect(engine.call('list', undefined, () => engine.docker.info())).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
});

test.each([
  ['before', 'client.request.start'],
  ['in the middle of', 'client.response.finish'],
])('when the daemon dies %s the answer to a call, the call fails', async (_, channel) => {
  await using daemon = await FakeDaemon.open((request, response) => {
    if (request.url !== '/info') return false;
    if (channel === 'client.response.finish') response.writeHead(200, { 'Content-Length': 1000 }).write('{');
    return true;
  });
  await using proxy = await DaemonProxy.open(daemon.socketPath);
  using engine = await Engine.connect({ socketPath: proxy.path });
  const reached = Promise.withResolvers<unknown>();
  subscribe(`http.${channel}`, reached.resolve);
  onTestFinished(() => void unsubscribe(`http.${channel}`, reached.resolve));
  const call = engine.call('ask', undefined, () => engine.docker.info());
  await reached.promise;
  await proxy.die();
  await expect(call).rejects.toMatchObject({ code: 'ALPY_DAEMON' });
});

test('an event that is not JSON fails all waits but does not end the process', async () => {
  await using daemon = await FakeDaemon.open();
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const exited = engine.exits.exitOf('abc');
  (await daemon.events).write('{"Action":\n');
  await expect(exited).rejects.toThrow('the Docker daemon sent an event that is not JSON');
});

test('closing the connection does not count as losing the daemon', async () => {
  await using daemon = await FakeDaemon.open();
  const engine = await Engine.connect({ socketPath: daemon.socketPath });
  const response = await daemon.events;
  engine[Symbol.dispose]();
  await once(response, 'close');
  expect(engine.lost.aborted).toBe(false);
});

test('a request is aborted when its caller stops waiting', async () => {
  const asked = Promise.withResolvers<Socket>();
  await using daemon = await FakeDaemon.open((request) => {
    if (request.url !== '/info') return false;
    asked.resolve(request.socket);
    return true; // and never answers
  });
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  const stop = new AbortController();
  const call = engine.call('ask', stop.signal, () => engine.docker.info());
  const socket = await asked.promise;
  const closed = once(socket, 'close');
  const reason = new Error('stopped');
  stop.abort(reason);
  await expect(call).rejects.toBe(reason);
  await closed;
});

test('the signal ends copying a large file to a daemon that does not read it', async () => {
  const asked = Promise.withResolvers<void>();
  await using daemon = await FakeDaemon.open((request) => {
    if (request.method !== 'PUT') return false;
    asked.resolve();
    request.pause();
    return true;
  });
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-large-'));
  const file = join(folder.path, 'large');
  await writeFile(file, Buffer.alloc(8 * 1024 * 1024));
  const stop = new AbortController();
  const files = [{ path: '/large', content: { file } }];
  const copied = writeFiles(engine, engine.docker.getContainer('x'), 'node0', files, stop.signal);
  await asked.promise;
  const reason = new Error('stopped');
  stop.abort(reason);
  await expect(copied).rejects.toBe(reason);
});

test('if the daemon refuses a large file, the error says so, not that the file could not be read', async () => {
  await using daemon = await FakeDaemon.open((request, response) => {
    if (request.method !== 'PUT') return false;
    response.writeHead(500).end(JSON.stringify({ message: 'no space left on device' }));
    return true;
  });
  using engine = await Engine.connect({ socketPath: daemon.socketPath });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-large-'));
  const file = join(folder.path, 'large');
  await writeFile(file, Buffer.alloc(8 * 1024 * 1024));
  const copied = writeFiles(engine, engine.docker.getContainer('x'), 'node0', [{ path: '/large', content: { file } }]);
  await expect(copied).rejects.toMatchObject({ code: 'ALPY_CONTAINER', statusCode: 500 });
});

test('a process exits after it failed to connect to a silent daemon', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  const script = `
    const { Engine } = await import(${JSON.stringify(join(import.meta.dirname, '../../../src/docker/engine.ts'))});
    await Engine.connect({}, { timeoutMs: 50 }).catch((error) => console.log(error.message));`;
  const env = { ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${port}`, NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
  expect(stdout).toBe(`cannot reach the Docker daemon at tcp://127.0.0.1:${port}: no answer within 50 ms. Check DOCKER_HOST\n`);
  server.close();
});
