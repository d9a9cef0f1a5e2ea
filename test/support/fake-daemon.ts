// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Answers a request that {@link FakeDaemon} does not know; returns whether it did. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A daemon that knows its version, answers pings and streams events; all else it refuses with 409. */
export class FakeDaemon implements AsyncDisposable {
  readonly server: Server;
  /** the event stream, as soon as somebody subscribes */
  readonly events: Promise<ServerResponse>;
  readonly #directory: string;

  private constructor(directory: string, answer: Answer, kernel: string) {
    this.#directory = directory;
    const events = Promise.withResolvers<ServerResponse>();
    this.events = events.promise;
    this.server = createServer((request, response) => {
      const path = request.url?.replace(/\?.*/, '');
      if (answer(request, response)) return;
      if (path === '/version') response.end(JSON.stringify({ Version: '99.1', KernelVersion: kernel }));
      else if (path === '/_ping') response.end('OK');
      else if (path === '/events') {
        response.flushHeaders();
        events.resolve(response);
      } else response.writeHead(409).end(JSON.stringify({ message: 'no such thing' }));
    });
  }

  static async open(answer: Answer = () => false, kernel = release()): Promise<FakeDaemon> {
    const directory = await mkdtemp(join(tmpdir(), 'alpy-daemon-'));
    const daemon = new FakeDaemon(directory, answer, kernel);
    await new Promise<void>((resolve) => daemon.server.listen(daemon.socketPath, resolve));
    return daemon;
  }

  get socketPath(): string {
    return join(this.#directory, 'docker.sock');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }
}
