// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { readLines } from '../../core/lines.ts';
import { Scheduler, type Capacity, type Demand } from './scheduler.ts';

/** What the server answers. */
export type Answer = { readonly granted: true } | { readonly refused: string };

/**
 * Lets the workers of a run share a {@link Scheduler}, by a socket. A connection is a lease: its end gives back what it was
 * granted, so that a worker that dies holds nothing.
 */
export class SchedulerServer implements AsyncDisposable {
  /** path of the socket */
  readonly path: string;
  readonly #directory: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(directory: string, path: string, server: Server) {
    this.#directory = directory;
    this.path = path;
    this.#server = server;
  }

  /** @throws Error of the system when no socket can be made in the folder for temporary files */
  static async open(capacity: Capacity): Promise<SchedulerServer> {
    const scheduler = new Scheduler(capacity);
    const directory = await mkdtemp(join(tmpdir(), 'alpy-run-'));
    const path = join(directory, 'scheduler');
    const server = createServer();
    const opened = new SchedulerServer(directory, path, server);
    server.on('connection', (socket) => {
      opened.#sockets.add(socket);
      socket.once('close', () => opened.#sockets.delete(socket));
      serve(scheduler, socket);
    });
    server.listen(path);
    await once(server, 'listening');
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function serve(scheduler: Scheduler, socket: Socket): void {
  const answer = (value: Answer): void => {
    socket.write(`${JSON.stringify(value)}\n`);
  };
  socket.on('error', () => undefined); // its close tells
  readLines(socket).once('line', (line) => {
    try {
      const giveBack = scheduler.request(JSON.parse(line) as Demand, () => {
        answer({ granted: true });
      });
      socket.once('close', giveBack);
      if (socket.destroyed) giveBack();
    } catch (error) {
      answer({ refused: messageOf(error) });
    }
  });
}
