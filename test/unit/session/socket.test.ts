// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { callSocket, type SocketCall } from '../../../src/session/index.ts';
import { serveSocket } from '../../../src/session/socket.ts';
import { isSessionUp, stopSession } from '../../../src/session/stop.ts';
import { FakeAnswerer } from './fake-answerer.ts';

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-socket-'));
  path = join(directory, 'keeper.sock');
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
});

async function call(args: readonly string[], difference: Partial<SocketCall> = {}) {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const status = await callSocket(path, {
    args,
    stdout: (data) => out.push(data),
    stderr: (data) => err.push(data),
    signal: new AbortController().signal,
    ...difference,
  });
  return { status, out: Buffer.concat(out), err: Buffer.concat(err) };
}

test('a call passes arguments and input, and gets both outputs and the exit status', async () => {
  const fake = new FakeAnswerer();
  await using _ = await serveSocket(path, fake.answer);
  const text = 'a b\n"\'\\ \u{1f407}';
  expect(await call(['say', text])).toEqual({ status: 0, out: Buffer.from(text), err: Buffer.from(`not ${text}`) });
  const bytes = Buffer.from([0, 10, 13, 255, 128]);
  expect((await call(['cat', ''], { input: bytes })).out).toEqual(bytes);
  expect((await call(['cat'])).out.toString()).toBe('no input');
  expect((await call(['exit', '77'])).status).toBe(77);
  expect(fake.calls[0]).toMatchObject({ args: ['say', text] });
  expect(fake.calls[1]?.args).toEqual(['cat', '']);
});

test('only the owner may connect', async () => {
  await using _ = await serveSocket(path, new FakeAnswerer().answer);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test('several calls at once with much output', async () => {
  await using _ = await serveSocket(path, new FakeAnswerer().answer);
  const found = await Promise.all([call(['flood', '3000000']), call(['say', 'x']), call(['flood', '1000000'])]);
  expect(found.map(({ out }) => out.length)).toEqual([3_000_000, 1, 1_000_000]);
});

test('cancelling a call waits until it has ended in the server', async () => {
  const fake = new FakeAnswerer();
  await using _ = await serveSocket(path, fake.answer);
  const stop = new AbortController();
  const running = call(['wait'], { signal: stop.signal });
  await fake.firstCall();
  stop.abort(new Error('by its job'));
  await expect(running).rejects.toBe(stop.signal.reason);
  expect(fake.cancelled).toEqual(['cancelled by its caller']);
  await expect(call(['say'], { signal: stop.signal })).rejects.toBe(stop.signal.reason);
});

test('a call is cancelled when its caller dies', async () => {
  const fake = new FakeAnswerer();
  await using _ = await serveSocket(path, fake.answer);
  const socket = createConnection(path);
  socket.write('{"args":["wait"]}\n');
  await fake.firstCall();
  socket.destroy();
  await fake.firstCancel();
});

test('without a session, the error names the command that starts one', async () => {
  const rejects = expect(call(['say'])).rejects;
  await rejects.toThrow(`no testbed is running in ${path}`);
  await rejects.toMatchObject({ fault: 'environment' });
  expect(await isSessionUp(directory)).toBe(false);
  expect(await stopSession(directory)).toBe('');
});

test('a server that exits before it answers returns no status', async () => {
  const { createServer } = await import('node:net');
  const server = createServer((socket) => socket.once('data', () => socket.end()));
  server.listen(path);
  await once(server, 'listening');
  expect((await call(['say'])).status).toBeUndefined();
  server.close();
});

test.each(['no JSON', '{', '5', 'null', '{}', '{"args":5}', '{"args":[5]}', '{"args":[],"input":5}'])(
  'the request %j does not end the server',
  async (line) => {
    const fake = new FakeAnswerer();
    await using _ = await serveSocket(path, fake.answer);
    const socket = createConnection(path);
    socket.on('error', () => undefined);
    socket.end(`${line}\n`);
    await buffer(socket).catch(() => undefined);
    expect((await call(['exit', '6'])).status).toBe(6);
  },
);

test('a connection without a request does not end the server', async () => {
  await using _ = await serveSocket(path, new FakeAnswerer().answer);
  const socket = createConnection(path);
  await once(socket, 'connect');
  socket.destroy();
  expect((await call(['exit', '6'])).status).toBe(6);
  expect(await isSessionUp(directory)).toBe(true);
});

test('the release waits until calls are answered', async () => {
  const done = Promise.withResolvers<number>();
  const asked = Promise.withResolvers<void>();
  const server = await serveSocket(path, () => {
    asked.resolve();
    return done.promise;
  });
  const running = call(['x']);
  await asked.promise;
  const released = server[Symbol.asyncDispose]();
  done.resolve(8);
  expect((await running).status).toBe(8);
  await released;
});

test('a path that is too long for a socket is an error', async () => {
  const long = join(directory, 'x'.repeat(108));
  await expect(serveSocket(long, new FakeAnswerer().answer)).rejects.toThrow(
    `no socket can have the path ${long}: it is longer than`,
  );
  await expect(serveSocket(join(directory, 'none', 'x'), new FakeAnswerer().answer)).rejects.toMatchObject({
    fault: 'environment',
  });
});
