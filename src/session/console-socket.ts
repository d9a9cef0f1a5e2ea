// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { logUnscoped } from '../core/step.ts';
import type { SerialConsole } from '../console/index.ts';
import type { Dut, Testbed } from '../testbed/index.ts';
import { consoleSocketOf, sessionFiles } from './spec.ts';

/** How much output is buffered for a slow reader before it is disconnected, in `bytes`. */
const maxUnreadBytes = 4 * 1024 * 1024;

/** How many clients may be connected; others are disconnected at once. */
const maxClients = 64;

/** Name of the socket of a device's console: the first has the usual one, so that it has the same name in every testbed. */
export function consoleSocket({ duts }: Pick<Testbed, 'duts'>, dut: Pick<Dut, 'name'>): string {
  return duts[0]?.name === dut.name ? sessionFiles.console : consoleSocketOf(dut.name);
}

/** Serves the consoles of all devices, each on its own socket in `folder`. */
export async function serveConsoles(folder: string, testbed: Testbed): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const dut of testbed.duts) stack.use(await serveConsole(join(folder, consoleSocket(testbed, dut)), dut.console));
  return stack.move();
}

/**
 * Serves the serial console on a socket. A client gets the last line and all output from then on; what it writes is typed. There may
 * be several clients; one that does not read is disconnected, because it must not stall the guest.
 */
export async function serveConsole(path: string, console: SerialConsole): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const lastLine = console.lastText.slice(console.lastText.lastIndexOf('\n') + 1);
    socket.write(lastLine, 'latin1'); // the user sees the prompt at once, and need not press Enter for it
    const stop = console.observe((chunk) => {
      if (socket.writableLength > maxUnreadBytes) socket.destroy();
      else socket.write(chunk);
    });
    socket.on('error', () => undefined); // 'close' follows
    socket.once('close', () => {
      stop();
      sockets.delete(socket);
    });
    void type(socket, console);
  });
  server.maxConnections = maxClients;
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o666); // the job's container may run as any user; other users cannot enter the folder
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function type(socket: Socket, console: SerialConsole): Promise<void> {
  try {
    for await (const chunk of socket) await console.send(chunk as Buffer);
  } catch (error) {
    if (!socket.destroyed) logUnscoped('alpy.session', `a connection to the console was given up: ${messageOf(error)}`);
    socket.destroy();
  }
}
