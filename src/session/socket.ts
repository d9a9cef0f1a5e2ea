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
 * Takes calls on a socket of this machine. Each connection is a call; if the caller closes it early, the call is cancelled. Its
 * release waits until all calls that arrived are answered.
 * @param isLast - whether a call ends this process: its connection then stays open until the process has exited
 * @throws EnvironmentError when there cannot be a socket with that path
 */
export async function serveSocket(
  path: string,
  answer: Answerer,
  isLast: (args: readonly string[]) => boolean = () => false,
): Promise<AsyncDisposable> {
  if (Buffer.byteLength(path) > longestSocketPath)
    throw new EnvironmentError(`no socket can have the path ${path}: it is longer than ${longestSocketPath} bytes`);
  const running = new Map<Socket, Promise<'answered' | 'held open'>>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.once('close', () => running.delete(socket));
    const answered = serveOne(socket, answer, isLast).catch((error: unknown) => {
      logUnscoped('alpy.session', `a call was given up: ${messageOf(error)}`);
      socket.destroy();
      return 'answered' as const;
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
      server.close();
      const ending = [...running].map(async ([socket, answered]) => {
        if ((await answered) === 'held open' || socket.closed) return;
        const closed = once(socket, 'close');
        socket.destroySoon();
        await closed;
      });
      await Promise.all(ending);
    },
  };
}

async function serveOne(
  socket: Socket,
  answer: Answerer,
  isLast: (args: readonly string[]) => boolean,
): Promise<'answered' | 'held open'> {
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
    await Promise.race([once(socket, 'drain').catch(() => undefined), closed]); // drained, or closed meanwhile
  };
  const lines = readLines(socket);
  const line = await once(lines, 'line', { signal: gone.signal }).catch(() => undefined); // closed without a request
  lines.close();
  if (!line) {
    socket.destroy();
    return 'answered';
  }
  socket.resume(); // otherwise its end goes unnoticed
  const { args, input } = JSON.parse(line[0] as string) as Request;
  const write = (output: OutputName, data: Buffer | string): Promise<void> => {
    const encoded = Buffer.from(data).toString('base64');
    return send(output === 'out' ? { out: encoded } : { err: encoded });
  };
  const call = { args, write, signal: gone.signal };
  const exit = await answer(input === undefined ? call : { ...call, input: Buffer.from(input, 'base64') });
  await send({ exit });
  if (isLast(args)) {
    socket.once('end', () => socket.destroy());
    socket.unref(); // the kernel closes it when this process exits, and that tells the caller
    return 'held open';
  }
  socket.end();
  return 'answered';
}

/** What a caller sends, and what takes the answer. */
export interface SocketCall {
  readonly args: readonly string[];
  readonly input?: Buffer | undefined;
  readonly stdout: (data: Buffer) => void;
  readonly stderr: (data: Buffer) => void;
  readonly signal: AbortSignal;
}

/** How long a cancelled call may take to end, in `ms`: its command is killed after 5000. */
const cancelTimeoutMs = 15_000;

/**
 * Sends a call to a session server and waits until the server closes the connection. If the signal fires, the call is cancelled
 * in the server, and has ended there when this throws.
 * @param path - the server's socket
 * @returns the exit status; `undefined` when the server exited before it sent one
 * @throws EnvironmentError when no server listens
 */
export async function callSocket(path: string, call: SocketCall): Promise<number | undefined> {
  call.signal.throwIfAborted();
  const socket = createConnection(path);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new EnvironmentError(`no testbed is running in ${path} (${messageOf(cause)}). Start one with alpy up`, { cause });
  });
  let timer: NodeJS.Timeout | undefined;
  const cancel = (): void => {
    socket.end(); // the server cancels the call, and closes the connection when it has ended
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
