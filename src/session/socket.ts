// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import type { Answerer, OutputName } from './call.ts';

/** First line of a connection. */
interface Request {
  readonly args: readonly string[];
  /** base64 */
  readonly input?: string;
}

/** Every line that comes back; data in base64. The last one has the exit status. */
type Reply = { readonly out: string } | { readonly err: string } | { readonly exit: number };

/** Longest path of a socket, in `bytes` (`sun_path` of unix(7), with its NUL). */
const longestPath = 107;

/**
 * Takes calls on a socket of this machine. A connection is a call; when it ends early, the call is cancelled. Its release
 * waits until those that came were answered.
 * @throws EnvironmentError when there can be no socket of that path
 */
export async function serveSocket(path: string, answer: Answerer): Promise<AsyncDisposable> {
  if (Buffer.byteLength(path) > longestPath)
    throw new EnvironmentError(`no socket can have the path ${path}: it is longer than ${String(longestPath)} bytes`);
  const running = new Map<Socket, Promise<void>>();
  const server: Server = createServer((socket) => {
    socket.once('close', () => running.delete(socket));
    running.set(socket, serveOne(socket, answer));
  });
  server.listen(path);
  await once(server, 'listening').catch((cause: unknown) => {
    throw new EnvironmentError(`cannot listen at ${path}: ${messageOf(cause)}`, { cause });
  });
  await chmod(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const [socket, answered] of running) void answered.finally(() => socket.destroySoon());
      await closed;
    },
  };
}

async function serveOne(socket: Socket, answer: Answerer): Promise<void> {
  const gone = new AbortController();
  socket.on('error', () => undefined); // 'close' follows
  socket.once('close', () => {
    gone.abort(new Error('nobody waits for the answer any more'));
  });
  const send = async (reply: Reply): Promise<void> => {
    if (!socket.writable) return;
    if (!socket.write(`${JSON.stringify(reply)}\n`)) await once(socket, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  for await (const line of createInterface({ input: socket })) {
    const { args, input } = JSON.parse(line) as Request;
    const write = (output: OutputName, data: Buffer | string): Promise<void> => {
      const encoded = Buffer.from(data).toString('base64');
      return send(output === 'out' ? { out: encoded } : { err: encoded });
    };
    const call = { args, write, signal: gone.signal, isTrusted: true };
    const exit = await answer(input === undefined ? call : { ...call, input: Buffer.from(input, 'base64') });
    await send({ exit });
    socket.end();
    return;
  }
}

/** What a caller sends and wants to get. */
export interface SocketCall {
  readonly args: readonly string[];
  readonly input?: Buffer | undefined;
  readonly stdout: (data: Buffer) => void;
  readonly stderr: (data: Buffer) => void;
  readonly signal: AbortSignal;
}

/**
 * Has a keeper do something.
 * @param path - its socket
 * @returns the exit status; `undefined` when the keeper has gone before it told one
 * @throws EnvironmentError when no keeper is there
 */
export async function callSocket(path: string, call: SocketCall): Promise<number | undefined> {
  call.signal.throwIfAborted();
  const socket = createConnection(path);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new EnvironmentError(`no testbed is held at ${path}; alpy up starts one (${messageOf(cause)})`, { cause });
  });
  const stop = (): void => {
    socket.destroy();
  };
  call.signal.addEventListener('abort', stop, { once: true });
  socket.on('error', stop);
  const { args, input } = call;
  socket.write(`${JSON.stringify({ args, ...(input === undefined ? {} : { input: input.toString('base64') }) })}\n`);
  let status: number | undefined;
  try {
    for await (const line of createInterface({ input: socket })) {
      const reply = JSON.parse(line) as Reply;
      if ('out' in reply) call.stdout(Buffer.from(reply.out, 'base64'));
      else if ('err' in reply) call.stderr(Buffer.from(reply.err, 'base64'));
      else status = reply.exit;
    }
  } finally {
    call.signal.removeEventListener('abort', stop);
    socket.destroy();
  }
  call.signal.throwIfAborted();
  return status;
}
