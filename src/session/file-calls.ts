// SPDX-License-Identifier: GPL-3.0-or-later
import { constants, openSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { join } from 'node:path';
import { execa } from 'execa';
import { codeOf, EnvironmentError, messageOf, StoppedError } from '../core/errors.ts';
import { openOnlySync, openPlain } from '../core/plain-file.ts';
import { logUnscoped } from '../core/step.ts';
import { stoppedStatus, type Answerer, type OutputName } from './call.ts';
import { clientScript } from './client-script.ts';

/** Limit for the arguments of a call, in `bytes`; Linux allows a program little more than half of that. */
const maxArgumentBytes = 4 * 1024 ** 2;
/** Limit for the input of a call, in `bytes`. */
const maxInputBytes = 64 * 1024 ** 2;

/** How many calls are served at once; others wait. */
const maxRunning = 64;
/** How many calls may wait. Later ones get no answer: no honest job makes so many. */
const maxWaiting = 1000;

/** Limit for a line in the pipe of requests, in characters; a request is shorter. */
const longestRequest = 200;

/** The folder that a job's container sees. */
export interface CallFolder extends AsyncDisposable {
  /** to be mounted read-only */
  readonly directory: string;
  /** to be mounted writable, below the other */
  readonly calls: string;
}

/**
 * Takes calls from containers that see a folder. Calls use files and pipes, because only these work from any shell script. The
 * container may put anything there: only regular files are read, only pipes are written, and links are not followed.
 * @param directory - absolute path of the folder to create
 * @throws EnvironmentError when it cannot be created
 */
export async function serveFolder(directory: string, answer: Answerer): Promise<CallFolder> {
  const calls = join(directory, 'calls');
  const requests = join(directory, 'requests');
  let pipe: number;
  try {
    await mkdir(join(directory, 'bin'), { recursive: true });
    await mkdir(calls);
    await chmod(calls, 0o1777); // the job's container may run as any user
    await writeFile(join(directory, 'bin', 'alpy'), clientScript, { mode: 0o755 });
    await chmod(join(directory, 'bin', 'alpy'), 0o755);
    await execa('mkfifo', ['-m', '666', requests]);
    pipe = openSync(requests, constants.O_RDWR | constants.O_NONBLOCK); // for reading and writing, so that it never ends
  } catch (cause) {
    throw new EnvironmentError(`cannot create the folder for calls in ${directory}: ${messageOf(cause)}`, { cause });
  }
  const running = new Map<string, AbortController>();
  const waiting = new Set<string>();
  const serveNext = (): void => {
    const [id] = waiting;
    if (id === undefined || running.size >= maxRunning) return;
    waiting.delete(id);
    const stop = new AbortController();
    running.set(id, stop);
    serveOne(join(calls, id), answer, stop)
      .catch((error: unknown) => {
        logUnscoped('alpy.session', `a call was given up: ${messageOf(error)}`);
      })
      .finally(() => {
        running.delete(id);
        serveNext();
      });
  };
  const input = new Socket({ fd: pipe, readable: true, writable: false });
  input.on('error', (error) => {
    logUnscoped('alpy.session', `no more calls can be taken: ${messageOf(error)}`);
  });
  onLines(input, (line) => {
    const { verb, id } = /^(?<verb>call|cancel) (?<id>[A-Za-z0-9]{1,64})$/.exec(line)?.groups ?? {};
    if (id === undefined) return;
    if (verb === 'cancel') {
      waiting.delete(id);
      running.get(id)?.abort(new StoppedError('cancelled by its caller', stoppedStatus));
    } else if (!running.has(id) && waiting.size < maxWaiting) {
      waiting.add(id);
      serveNext();
    }
  });
  return {
    directory,
    calls,
    async [Symbol.asyncDispose]() {
      waiting.clear();
      for (const stop of running.values()) stop.abort(new StoppedError('the testbed ends', stoppedStatus));
      input.destroy();
      await Promise.resolve();
    },
  };
}

/** Passes on the lines of a stream. A line over the limit is cut, and then is not a valid request. */
function onLines(input: Socket, onLine: (line: string) => void): void {
  let begun = '';
  input.setEncoding('latin1').on('data', (text: string) => {
    const lines = (begun + text).split('\n');
    begun = (lines.pop() ?? '').slice(0, longestRequest);
    for (const line of lines) onLine(line);
  });
}

async function serveOne(path: string, answer: Answerer, stop: AbortController): Promise<void> {
  const args = (await readArguments(path)).toString().split('\0').slice(0, -1);
  const input = await openInput(`${path}.in`);
  try {
    await answerOne(path, { args, input, answer, stop });
  } finally {
    input?.destroy();
  }
}

interface OneCall {
  readonly args: readonly string[];
  readonly input: Readable | undefined;
  readonly answer: Answerer;
  readonly stop: AbortController;
}

async function answerOne(path: string, { args, input, answer, stop }: OneCall): Promise<void> {
  const outputs = { out: openPipe(`${path}.out`), err: openPipe(`${path}.err`) };
  for (const pipe of Object.values(outputs)) {
    pipe.on('error', () => {
      stop.abort(new Error('the caller no longer reads the answer'));
    });
  }
  const write = (output: OutputName, data: Buffer | string): Promise<void> => writeTo(outputs[output], data);
  const status = await answer({ args, input, write, signal: stop.signal });
  await Promise.all(Object.values(outputs).map((pipe) => ended(pipe)));
  const done = openPipe(`${path}.done`);
  done.on('error', () => undefined); // the caller has gone
  await writeTo(done, `${status}\n`);
  await ended(done);
}

async function readArguments(path: string): Promise<Buffer> {
  const input = await openLimited(path, maxArgumentBytes);
  return input ? buffer(input) : Buffer.alloc(0);
}

async function openInput(path: string): Promise<Readable | undefined> {
  const input = await openLimited(path, maxInputBytes);
  input?.on('error', () => undefined); // who reads it gets the error; nobody may
  return input;
}

/**
 * Opens what a file contains now; the container may still write to it.
 * @returns `undefined` if there is no such file
 * @throws Error if it is too large
 */
async function openLimited(path: string, maxBytes: number): Promise<Readable | undefined> {
  const file = await openPlain(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  const { size } = await file.stat();
  if (size > 0 && size <= maxBytes) return file.createReadStream({ end: size - 1 }); // closes the file when it ends
  await file.close();
  if (size > maxBytes) throw new Error(`${path} has more than ${maxBytes} bytes`);
  return Readable.from([]);
}

/** Opens a pipe for writing; the socket owns it. @throws Error when it has no reader, or is not a pipe */
function openPipe(path: string): Socket {
  const fd = openOnlySync('pipe', path, constants.O_WRONLY);
  if (fd === undefined) throw new Error(`there is no ${path}`);
  return new Socket({ fd, readable: false, writable: true });
}

async function writeTo(pipe: Socket, data: Buffer | string): Promise<void> {
  if (!pipe.writable) return;
  await new Promise<void>((resolve) => {
    pipe.write(data, () => {
      resolve(); // also after a failure, which its 'error' reports
    });
  });
}

async function ended(pipe: Socket): Promise<void> {
  if (pipe.destroyed) return;
  const closed = Promise.withResolvers<void>();
  pipe.once('close', () => {
    closed.resolve();
  });
  pipe.end(() => pipe.destroy());
  await closed.promise;
}
