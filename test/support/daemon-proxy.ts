// SPDX-License-Identifier: GPL-3.0-or-later
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A Docker daemon that can freeze, thaw and die: a socket before a real or a fake one. Frozen it accepts connections and passes
 * nothing on, as the kernel does for a daemon that was stopped by SIGSTOP.
 */
export class DaemonProxy implements AsyncDisposable {
  /** path of the socket */
  readonly path: string;
  readonly #directory: string;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [client: Socket, daemon: Socket]>();
  readonly #accepted = new EventEmitter();
  #count = 0;
  #isFrozen = false;
  #lastRequest: RegExp | undefined;

  private constructor(directory: string, path: string, server: Server) {
    this.#directory = directory;
    this.path = path;
    this.#server = server;
  }

  /** @param target - path of the daemon's socket */
  static async open(target = '/var/run/docker.sock'): Promise<DaemonProxy> {
    const directory = await mkdtemp(join(tmpdir(), 'alpy-proxy-'));
    const path = join(directory, 'docker.sock');
    const server = createServer({ allowHalfOpen: true });
    const proxy = new DaemonProxy(directory, path, server);
    server.on('connection', (client) => {
      proxy.#accept(client, createConnection({ path: target, allowHalfOpen: true }));
    });
    server.listen(path);
    await once(server, 'listening');
    return proxy;
  }

  /** value of DOCKER_HOST */
  get host(): string {
    return `unix://${this.path}`;
  }

  /** Settles when it has accepted so many connections in all. */
  async connections(count: number): Promise<void> {
    while (this.#count < count) await once(this.#accepted, 'one');
  }

  freeze(): void {
    this.#isFrozen = true;
    for (const [client, daemon] of this.#pairs) {
      for (const socket of [client, daemon]) socket.unpipe().pause();
    }
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const pair of this.#pairs) connectBoth(pair);
  }

  /** Cuts all connections and listens no more. The daemon behind it sees that its clients are gone. */
  async die(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of [...this.#pairs].flat()) socket.destroy();
    await closed;
  }

  /**
   * Dies when a client sends a request that matches. The daemon does not get that request. Call it before any client connects.
   * @param request - pattern of a request line: `/^POST \S+\/start /`
   */
  dieAt(request: RegExp): void {
    this.#lastRequest = request;
  }

  /** Whether it listens. */
  get isAlive(): boolean {
    return this.#server.listening;
  }

  /** Listens again after it has died, at the same path, like a daemon that was restarted. */
  async revive(): Promise<void> {
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isAlive) await this.die();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #accept(client: Socket, daemon: Socket): void {
    const pair = [client, daemon] as const;
    this.#pairs.add(pair);
    this.#count += 1;
    this.#accepted.emit('one');
    for (const socket of pair) {
      socket.on('error', () => undefined); // its close tells
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const other of pair) other.destroySoon();
      });
    }
    if (this.#isFrozen) return;
    if (this.#lastRequest) client.on('data', this.#dieIfLast.bind(this)); // called before the pipe passes it on
    connectBoth(pair);
  }

  #dieIfLast(chunk: Buffer): void {
    if (this.isAlive && this.#lastRequest?.test(chunk.toString('latin1')) === true) void this.die();
  }
}

function connectBoth([client, daemon]: readonly [Socket, Socket]): void {
  client.pipe(daemon);
  daemon.pipe(client);
}
