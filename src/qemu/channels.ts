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
import { startExec, type Container } from '../docker/index.ts';
import { duplexOf } from './duplex.ts';
import { HypervisorError } from './errors.ts';

/** A byte stream between QEMU and this process. This process listens before QEMU starts, so QEMU can connect at any time. */
export interface Channel {
  /** path of the socket as QEMU sees it */
  readonly path: string;
  /** resolves when QEMU has connected */
  readonly connected: Promise<Duplex>;
}

/** The channels of a machine. Releasing them stops listening; connections stay open. */
export interface Channels extends AsyncDisposable {
  readonly qmp: Channel;
  readonly serial: Channel;
}

/**
 * Whether QEMU can connect to sockets in a folder: socket paths have a maximum length.
 * @param containerPath - the folder as QEMU sees it
 */
export function canListenIn(containerPath: string): boolean {
  return Buffer.byteLength(join(containerPath, '.alpyXXXXXX', 'serial')) <= longestSocketPath;
}

/**
 * Listens on sockets of this process, in a new subfolder of a folder that QEMU sees.
 * @param folder - its path on this machine
 * @param containerPath - its path as QEMU sees it
 * @throws Error of the system if the sockets cannot be created
 */
export async function listenHere(folder: string, containerPath: string): Promise<Channels> {
  await using lifetime = new Lifetime();
  // QEMU may run as another user, so the sockets are open to all; but the name cannot be guessed, nor the folder listed
  const socketFolder = await mkdtemp(join(folder, '.alpy'));
  lifetime.defer('sockets', () => rm(socketFolder, { recursive: true, force: true }));
  await chmod(socketFolder, 0o711);
  const handle = await open(socketFolder);
  lifetime.defer('folder of the sockets', () => handle.close());
  const listenAt = async (name: string): Promise<Channel> => {
    const path = join(socketFolder, name);
    // the path may be too long for a socket; that through the folder's descriptor is not
    const { server, connected } = await listen(
      Buffer.byteLength(path) <= longestSocketPath ? path : `/proc/self/fd/${handle.fd}/${name}`,
    );
    lifetime.defer(name, () => void server.close());
    await chmod(path, 0o777);
    return { path: join(containerPath, basename(socketFolder), name), connected };
  };
  const [qmp, serial] = [await listenAt('qmp'), await listenAt('serial')];
  const owned = lifetime.move();
  return { qmp, serial, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

async function listen(path: string): Promise<{ readonly server: Server; readonly connected: Promise<Duplex> }> {
  const server = createServer();
  const connected = Promise.withResolvers<Duplex>();
  server.once('connection', (socket: Socket) => {
    socket.on('error', () => undefined); // QEMU was killed before it read everything; readers see the end of the stream
    connected.resolve(socket);
    server.close();
  });
  server.listen(path);
  await once(server, 'listening');
  return { server, connected: connected.promise };
}

/**
 * Listens inside QEMU's container, for a QEMU that sees no files of this machine.
 * @param folder - path of an existing folder there
 * @throws ContainerError when the daemon refuses
 * @throws HypervisorError when the listening program exits
 */
export async function listenThere(container: Container, folder: string, signal?: AbortSignal): Promise<Channels> {
  const listenAt = async (name: string, abort: AbortSignal): Promise<Channel> => {
    const path = join(folder, name);
    // -t 0: ends when QEMU closes its side, instead of half a second later; -d -d: prints a line when it listens
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
  let printed = '';
  stderr.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.includes(' listening on ')) resolve();
  });
  stderr.on('end', () => {
    reject(new HypervisorError('cannot connect to QEMU: socat exited', printed, 'environment'));
  });
  return promise;
}
