// SPDX-License-Identifier: GPL-3.0-or-later
import { EventEmitter, once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { whenAborted } from '../core/deadline.ts';
import { EnvironmentError, messageOf, StoppedError } from '../core/errors.ts';
import { readLines } from '../core/lines.ts';
import { longestSocketPath } from '../core/socket-path.ts';
import { logUnscoped } from '../core/step.ts';
import type { TerminalSize } from '../docker/index.ts';
import { stoppedStatus, type Answerer, type Call, type CallerTerminal, type OutputName } from './call.ts';
import { parseInput, parseReply, parseRequest, type Message, type Reply, type Request } from './wire.ts';

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
        const closed = once(socket, 'close').catch(() => undefined); // an error of the connection also ends it
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
    gone.abort(new StoppedError('cancelled by its caller', stoppedStatus));
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
  const lines = readLines(socket)[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) {
    socket.destroy(); // closed without a request
    return 'answered';
  }
  const request = parseRequest(first.value);
  const { args } = request;
  const caller = new Caller(request);
  caller.take(lines).catch(() => socket.destroy()); // not a message
  const write = (output: OutputName, data: Buffer | string): Promise<void> => {
    const encoded = Buffer.from(data).toString('base64');
    return send(output === 'out' ? { out: encoded } : { err: encoded });
  };
  const exit = await answer({ args, write, signal: gone.signal, input: caller.input, terminal: caller.terminal });
  await send({ exit });
  if (isLast(args)) {
    socket.once('end', () => socket.destroy());
    socket.unref(); // the kernel closes it when this process exits, and that tells the caller
    return 'held open';
  }
  socket.end();
  return 'answered';
}

/** What a command gets from its caller. */
class Caller implements Pick<Call, 'input' | 'terminal'> {
  readonly input?: PassThrough;
  readonly terminal?: CallerTerminal;
  readonly #sizes = new EventEmitter<{ change: [TerminalSize] }>();

  constructor({ hasInput, terminal }: Request) {
    if (hasInput === true) this.input = new PassThrough();
    if (terminal) this.terminal = { ...terminal, onResize: this.#onResize.bind(this) };
  }

  /** Takes messages until the caller closes the connection. @throws EnvironmentError for any other line */
  async take(lines: AsyncIterator<string>): Promise<void> {
    for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
      const message = parseInput(line.value);
      if ('resize' in message) this.#sizes.emit('change', message.resize);
      else if ('inputEnd' in message) this.input?.end();
      else await this.#write(Buffer.from(message.input, 'base64'));
    }
    this.input?.destroy();
  }

  async #write(data: Buffer): Promise<void> {
    const { input } = this;
    if (!input || input.destroyed || input.write(data)) return;
    await Promise.race([once(input, 'drain'), once(input, 'close')]);
  }

  #onResize(listener: (size: TerminalSize) => void, signal: AbortSignal): void {
    this.#sizes.on('change', listener);
    whenAborted(signal, () => this.#sizes.off('change', listener));
  }
}

/** What a caller sends, and what takes the answer. */
export interface SocketCall {
  readonly args: readonly string[];
  /** is read until its end, or until the call has ended */
  readonly input?: Readable | undefined;
  readonly terminal?: CallerTerminal | undefined;
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
 * @throws EnvironmentError when no server listens, or something else than a session server
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
  const ended = new AbortController();
  sendCall(socket, call, ended.signal);
  let status: number | undefined;
  try {
    for await (const line of readLines(socket)) {
      const reply = parseReply(line);
      if ('out' in reply) call.stdout(Buffer.from(reply.out, 'base64'));
      else if ('err' in reply) call.stderr(Buffer.from(reply.err, 'base64'));
      else status = reply.exit;
    }
  } finally {
    ended.abort();
    call.signal.removeEventListener('abort', cancel);
    clearTimeout(timer);
    socket.destroy();
  }
  call.signal.throwIfAborted();
  return status;
}

/** Sends the request, then the input and the changes of the terminal until the call has ended. */
function sendCall(socket: Socket, { args, input, terminal }: SocketCall, ended: AbortSignal): void {
  const send = (line: Request | Message): boolean => !socket.writable || socket.write(`${JSON.stringify(line)}\n`);
  const described = terminal && { type: terminal.type, size: terminal.size };
  send({ args, ...(input ? { hasInput: true } : {}), ...(described ? { terminal: described } : {}) });
  terminal?.onResize((resize) => send({ resize }), ended);
  if (!input) return;
  const onData = (data: Buffer): void => {
    if (!send({ input: data.toString('base64') })) input.pause();
  };
  const onDrain = (): void => void input.resume();
  const onEnd = (): void => void send({ inputEnd: true });
  input.on('data', onData).once('end', onEnd);
  socket.on('drain', onDrain);
  whenAborted(ended, () => {
    input.off('data', onData).off('end', onEnd).pause();
    socket.off('drain', onDrain);
  });
}
