// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { readLines } from '../../core/lines.ts';
import { ownedName, removeOrphans } from '../../core/owner.ts';
import { Scheduler, type Capacity, type Demand } from './scheduler.ts';

const prefix = 'alpy-run-';
/** Where each run has a temporary folder, with a name of `ownedName`. */
export const runFolders = { folder: tmpdir(), prefix } as const;
/** Maximum duration of a run whose process cannot be seen from here, such as one in a container that shares `/tmp`, in `ms`. */
const foreignRunMs = 24 * 3_600_000;

/** Removes the temporary folders of killed runs. @returns the removed paths */
export function removeDeadSchedulers(): readonly string[] {
  return removeOrphans(tmpdir(), prefix, { foreignLifeMs: foreignRunMs });
}

/** An answer of the server. `revoked` may follow the grant of a spare testbed. */
export type Answer = { readonly granted: true } | { readonly refused: string } | { readonly revoked: true };

/**
 * Lets the workers of a run share a {@link Scheduler} through a socket. A connection is a lease: when it closes, the lease is
 * released, also if the worker dies.
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

  /** @throws Error of the system when no socket can be created in the folder for temporary files */
  static async open(capacity: Capacity): Promise<SchedulerServer> {
    const scheduler = new Scheduler(capacity);
    removeDeadSchedulers();
    const directory = join(tmpdir(), ownedName(prefix));
    await mkdir(directory, { mode: 0o700 });
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

/** The first line of a connection is its demand. A second one demands a testbed for which the spare one of the first is used. */
function serve(scheduler: Scheduler, socket: Socket): void {
  const answer = (value: Answer): void => {
    if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
  };
  let spare: Demand | undefined;
  socket.on('error', () => undefined); // 'close' follows
  readLines(socket).on('line', (line) => {
    try {
      const demand = JSON.parse(line) as Demand;
      const giveBack = scheduler.request(demand, {
        grant: () => {
          answer({ granted: true });
        },
        revoke: () => {
          answer({ revoked: true });
        },
        spare,
      });
      spare = demand;
      socket.once('close', giveBack);
      if (socket.destroyed) giveBack();
    } catch (error) {
      answer({ refused: messageOf(error) });
    }
  });
}
