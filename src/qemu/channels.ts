// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { chmod, mkdtemp, open, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { raceWithSignal } from '../core/deadline.ts';
import { Lifetime } from '../core/lifetime.ts';
import { allOrAbort } from '../core/all-or-abort.ts';
import { longestSocketPath } from '../core/socket-path.ts';
import { startExec, type Lifeline } from '../docker/index.ts';
import { duplexOf } from './duplex.ts';
import { HypervisorError } from './errors.ts';

/** A byte stream between QEMU and us: QEMU connects, we listen, so that nobody has to find out when the other is ready. */
export interface Channel {
  /** path of the socket as QEMU sees it */
  readonly path: string;
  /** settles when QEMU has connected */
  readonly connected: Promise<Duplex>;
}

/** The channels of a machine; to release them is to listen no more. What has connected stays so. */
export interface Channels extends AsyncDisposable {
  readonly qmp: Channel;
  readonly serial: Channel;
}

/** Whether QEMU can connect to a socket in a folder of ours that it sees by this path. */
export function canListenIn(seen: string): boolean {
  return Buffer.byteLength(join(seen, '.alpyXXXXXX', 'serial')) <= longestSocketPath;
}

/**
 * Listens at sockets of this process, in a new folder below one that QEMU sees.
 * @param folder - its path here
 * @param seen - its path as QEMU sees it
 * @throws Error of the system when there can be no socket
 */
export async function listenHere(folder: string, seen: string): Promise<Channels> {
  await using lifetime = new Lifetime();
  // a name that nobody can guess, in a folder that nobody else can list: QEMU's user need not be ours
  const own = await mkdtemp(join(folder, '.alpy'));
  lifetime.defer('sockets', () => rm(own, { recursive: true, force: true }));
  await chmod(own, 0o711);
  const handle = await open(own);
  lifetime.defer('folder of the sockets', () => handle.close());
  const listenAt = async (name: string): Promise<Channel> => {
    const path = join(own, name);
    // our path may be too long for a socket, but not one by way of the folder's descriptor
    const { server, connected } = await listen(
      Buffer.byteLength(path) <= longestSocketPath ? path : `/proc/self/fd/${handle.fd}/${name}`,
    );
    lifetime.defer(name, () => void server.close());
    await chmod(path, 0o777);
    return { path: join(seen, basename(own), name), connected };
  };
  const [qmp, serial] = [await listenAt('qmp'), await listenAt('serial')];
  const owned = lifetime.move();
  return { qmp, serial, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

async function listen(path: string): Promise<{ readonly server: Server; readonly connected: Promise<Duplex> }> {
  const server = createServer();
  const connected = Promise.withResolvers<Duplex>();
  server.once('connection', (socket: Socket) => {
    socket.on('error', () => undefined); // QEMU was killed with something unread: the end of the stream tells
    connected.resolve(socket);
    server.close();
  });
  server.listen(path);
  await once(server, 'listening');
  return { server, connected: connected.promise };
}

/**
 * Listens in QEMU's own container, where QEMU sees none of our files.
 * @param folder - path of a folder there, which must exist
 * @throws ContainerError when the daemon refuses
 * @throws HypervisorError when the program that listens ends instead
 */
export async function listenThere({ container }: Lifeline, folder: string, signal?: AbortSignal): Promise<Channels> {
  const listenAt = async (name: string, abort: AbortSignal): Promise<Channel> => {
    const path = join(folder, name);
    // -t 0: ends as soon as QEMU closes its side, where it would wait for half a second; -d -d: says when it listens
    const command = ['socat', '-d', '-d', '-t', '0', '-', `UNIX-LISTEN:${path}`];
    const { stdin, stdout, stderr } = await startExec(container, { command }, abort);
    await raceWithSignal(untilListening(stderr), abort);
    return { path, connected: Promise.resolve(duplexOf(stdout, stdin)) };
  };
  const [qmp, serial] = await allOrAbort<[Channel, Channel]>(signal, [
    (abort) => listenAt('qmp', abort),
    (abort) => listenAt('serial', abort),
  ]);
  return { qmp, serial, [Symbol.asyncDispose]: () => Promise.resolve() }; // they end with QEMU
}

function untilListening(stderr: Readable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let said = '';
  stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes(' listening on ')) resolve();
  });
  stderr.on('end', () => {
    reject(new HypervisorError('there is no connection to QEMU: socat ended', said, 'environment'));
  });
  return promise;
}
