// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SerialConsole } from '../../../src/console/index.ts';
import { serveConsole } from '../../../src/session/console-socket.ts';
import { connect as connectGuest } from '../console/guest.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'alpy-console-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function connect(path: string): Promise<Socket> {
  const socket = createConnection(path);
  await once(socket, 'connect');
  return socket;
}

async function read(socket: Socket): Promise<string> {
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString();
}

test('a client sees the prompt at once, without its escape codes', async () => {
  const { near, far } = connectGuest();
  await using console = SerialConsole.open(near);
  const path = join(directory, 'console.sock');
  await using _ = await serveConsole(path, console);
  far.write('Welcome\r\n\u001b[32mrabbit\u001b[0m:~# \u001b[6n');
  await console.expect('Welcome', { timeoutMs: 20_000 });
  const socket = await connect(path);
  expect(await read(socket)).toBe('rabbit:~# ');
  socket.destroy();
});

test('every client of the console socket gets its output and can type', async () => {
  const { near, far } = connectGuest();
  await using console = SerialConsole.open(near);
  const path = join(directory, 'console.sock');
  await using stack = new AsyncDisposableStack();
  stack.use(await serveConsole(path, console));
  expect((await stat(path)).mode & 0o777).toBe(0o666); // a job's container may run as anybody
  const sockets = [await connect(path), await connect(path)] as const;
  for (const [index, socket] of sockets.entries()) {
    const typed = once(far, 'data') as Promise<[Buffer]>;
    socket.write(`${index}\n`);
    expect((await typed)[0].toString()).toBe(`${index}\n`);
  }
  const seen = sockets.map((socket) => read(socket));
  far.write('login: ');
  expect(await Promise.all(seen)).toEqual(['login: ', 'login: ']);
  await console.expect('login: ', { timeoutMs: 20_000 }); // who looks on takes nothing away from others
  for (const socket of sockets) socket.destroy();
});

test('connections close when the testbed ends', async () => {
  const { near } = connectGuest();
  await using console = SerialConsole.open(near);
  const path = join(directory, 'console.sock');
  const served = await serveConsole(path, console);
  const socket = await connect(path);
  const closed = once(socket.resume(), 'close');
  await served[Symbol.asyncDispose]();
  await closed;
  await expect(connect(path)).rejects.toThrow();
});
