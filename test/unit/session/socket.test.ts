// SPDX-License-Identifier: GPL-3.0-or-later
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import type { TerminalSize } from '../../../src/docker/index.ts';
import { StoppedError } from '../../../src/core/errors.ts';
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
  expect((await call(['cat', ''], { input: Readable.from([bytes]) })).out).toEqual(bytes);
  expect((await call(['cat'])).out.toString()).toBe('no input');
  expect((await call(['exit', '77'])).status).toBe(77);
  expect(fake.calls[0]).toMatchObject({ args: ['say', text] });
  expect(fake.calls[1]?.args).toEqual(['cat', '']);
});

test('a program reads its input while it is typed, and its end', async () => {
  const seen = Promise.withResolvers<string>();
  await using _ = await serveSocket(path, async ({ input }) => {
    const received = input![Symbol.asyncIterator]();
    seen.resolve(String((await received.next()).value));
    return (await received.next()).done === true ? 0 : 1;
  });
  const input = new PassThrough();
  const answered = call(['sh'], { input });
  input.write('first line\n');
  expect(await seen.promise).toBe('first line\n');
  input.end();
  expect((await answered).status).toBe(0);
});

test('the size of the terminal and its changes reach the command', async () => {
  const sizes: TerminalSize[] = [];
  const changed = Promise.withResolvers<void>();
  const listening = Promise.withResolvers<void>();
  await using _ = await serveSocket(path, async ({ terminal, signal }) => {
    sizes.push(terminal!.size);
    terminal!.onResize((size) => {
      sizes.push(size);
      changed.resolve();
    }, signal);
    listening.resolve();
    await changed.promise;
    return terminal!.type === 'vt220' ? 0 : 1;
  });
  const resized = new EventEmitter<{ resize: [TerminalSize] }>();
  const onResize = (listener: (size: TerminalSize) => void): void => void resized.on('resize', listener);
  const terminal = { type: 'vt220', size: { rows: 24, columns: 80 }, onResize };
  const answered = call(['sh'], { terminal });
  await listening.promise;
  resized.emit('resize', { rows: 50, columns: 132 });
  expect((await answered).status).toBe(0);
  expect(sizes).toEqual([
    { rows: 24, columns: 80 },
    { rows: 50, columns: 132 },
  ]);
});

test('input that the program does not read does not keep the call from ending, and is read no further', async () => {
  await using _ = await serveSocket(path, () => Promise.resolve(0));
  const input = new PassThrough();
  expect((await call(['true'], { input })).status).toBe(0);
  expect(input.isPaused()).toBe(true);
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
  expect(fake.calls[0]?.signal.reason).toBeInstanceOf(StoppedError);
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

test.each(['no JSON', '{', '5', 'null', '{}', '{"args":5}', '{"args":[5]}', '{"args":[]}\n5', '{"args":[],"hasInput":true}\nx'])(
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
