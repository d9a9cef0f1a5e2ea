// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { readLines } from '../core/lines.ts';
import { longestSocketPath } from '../core/socket-path.ts';
import { logUnscoped } from '../core/step.ts';
import type { Answerer, OutputName } from './call.ts';

/** First line of a connection. */
interface Request {
  readonly args: readonly string[];
  /** base64 */
  readonly input?: string;
}

/** Every line that comes back; data in base64. The last one has the exit status. */
type Reply = { readonly out: string } | { readonly err: string } | { readonly exit: number };

/**
 * Takes calls on a socket of this machine. A connection is a call; when it ends early, the call is cancelled. Its release
 * waits until those that came were answered.
 * @throws EnvironmentError when there can be no socket of that path
 */
export async function serveSocket(path: string, answer: Answerer): Promise<AsyncDisposable> {
  if (Buffer.byteLength(path) > longestSocketPath)
    throw new EnvironmentError(`no socket can have the path ${path}: it is longer than ${longestSocketPath} bytes`);
  const running = new Map<Socket, Promise<void>>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('close', () => running.delete(socket));
    const answered = serveOne(socket, answer).catch((error: unknown) => {
      logUnscoped('alpy.session', `a call was given up: ${messageOf(error)}`);
      socket.destroy();
    });
    running.set(socket, answered);
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
      for (const [socket, answered] of running) {
        void answered.finally(() => {
          socket.destroySoon();
        });
      }
      await closed;
    },
  };
}

async function serveOne(socket: Socket, answer: Answerer): Promise<void> {
  const gone = new AbortController();
  const cancel = (): void => {
    gone.abort(new Error('cancelled by its caller'));
  };
  socket.on('error', () => undefined); // 'close' follows
  socket.once('end', cancel);
  socket.once('close', cancel);
  const closed = once(socket, 'close').catch(() => undefined);
  const send = async (reply: Reply): Promise<void> => {
    if (!socket.writable) return;
    if (socket.write(`${JSON.stringify(reply)}\n`)) return;
    await Promise.race([once(socket, 'drain').catch(() => undefined), closed]); // drained, or gone meanwhile
  };
  const lines = readLines(socket);
  const line = await once(lines, 'line', { signal: gone.signal }).catch(() => undefined); // gone without a word
  lines.close();
  if (!line) {
    socket.destroy();
    return;
  }
  socket.resume(); // or its end is not seen
  const { args, input } = JSON.parse(line[0] as string) as Request;
  const write = (output: OutputName, data: Buffer | string): Promise<void> => {
    const encoded = Buffer.from(data).toString('base64');
    return send(output === 'out' ? { out: encoded } : { err: encoded });
  };
  const call = { args, write, signal: gone.signal };
  const exit = await answer(input === undefined ? call : { ...call, input: Buffer.from(input, 'base64') });
  await send({ exit });
  socket.end();
}

/** What a caller sends and wants to get. */
export interface SocketCall {
  readonly args: readonly string[];
  readonly input?: Buffer | undefined;
  readonly stdout: (data: Buffer) => void;
  readonly stderr: (data: Buffer) => void;
  readonly signal: AbortSignal;
}

/** How long what is cancelled may take to end, in `ms`: it is killed after 5000. */
const cancelTimeoutMs = 15_000;

/**
 * Has a keeper do something. When the caller's signal fires, it is cancelled there, and has ended when this throws.
 * @param path - its socket
 * @returns the exit status; `undefined` when the keeper has gone before it told one
 * @throws EnvironmentError when no keeper is there
 */
export async function callSocket(path: string, call: SocketCall): Promise<number | undefined> {
  call.signal.throwIfAborted();
  const socket = createConnection(path);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new EnvironmentError(`no testbed is running in ${path} (${messageOf(cause)}). Start one with alpy up`, { cause });
  });
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    socket.end(); // the keeper cancels it, and tells when it has ended
    timer = setTimeout(() => socket.destroy(), cancelTimeoutMs);
  };
  call.signal.addEventListener('abort', cancel, { once: true });
  socket.on('error', () => socket.destroy());
  const { args, input } = call;
  socket.write(`${JSON.stringify({ args, ...(input === undefined ? {} : { input: input.toString('base64') }) })}\n`);
  let status: number | undefined;
  try {
    for await (const line of readLines(socket)) {
      const reply = JSON.parse(line) as Reply;
      if ('out' in reply) call.stdout(Buffer.from(reply.out, 'base64'));
      else if ('err' in reply) call.stderr(Buffer.from(reply.err, 'base64'));
      else status = reply.exit;
    }
  } finally {
    call.signal.removeEventListener('abort', cancel);
    clearTimeout(timer);
    socket.destroy();
  }
  call.signal.throwIfAborted();
  return status;
}
