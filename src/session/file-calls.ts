// SPDX-License-Identifier: GPL-3.0-or-later
import { constants, openSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { join } from 'node:path';
import { execa } from 'execa';
import { codeOf, EnvironmentError, messageOf } from '../core/errors.ts';
import { openOnlySync, openPlain } from '../core/plain-file.ts';
import { logUnscoped } from '../core/step.ts';
import type { Answerer, OutputName } from './call.ts';
import { clientScript } from './client-script.ts';

/** Limit for the arguments of a call, and for its input, in `bytes`. */
const maxBytes = 64 * 1024 * 1024;

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
  const input = new Socket({ fd: pipe, readable: true, writable: false });
  input.on('error', (error) => {
    logUnscoped('alpy.session', `no more calls can be taken: ${messageOf(error)}`);
  });
  onLines(input, (line) => {
    const { verb, id } = /^(?<verb>call|cancel) (?<id>[A-Za-z0-9]{1,64})$/.exec(line)?.groups ?? {};
    if (id === undefined) return;
    if (verb === 'cancel') running.get(id)?.abort(new Error('cancelled by its caller'));
    else if (!running.has(id)) {
      const stop = new AbortController();
      running.set(id, stop);
      serveOne(join(calls, id), answer, stop)
        .catch((error: unknown) => {
          logUnscoped('alpy.session', `a call was given up: ${messageOf(error)}`);
        })
        .finally(() => running.delete(id));
    }
  });
  return {
    directory,
    calls,
    async [Symbol.asyncDispose]() {
      for (const stop of running.values()) stop.abort(new Error('the testbed ends'));
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
  const words = (await readWhole(path)) ?? Buffer.alloc(0);
  const args = words.toString().split('\0').slice(0, -1);
  const input = await readWhole(`${path}.in`);
  const outputs = { out: openPipe(`${path}.out`), err: openPipe(`${path}.err`) };
  for (const pipe of Object.values(outputs)) {
    pipe.on('error', () => {
      stop.abort(new Error('the caller no longer reads the answer'));
    });
  }
  const write = (output: OutputName, data: Buffer | string): Promise<void> => writeTo(outputs[output], data);
  const status = await answer({ args, input: input && Readable.from([input]), write, signal: stop.signal });
  await Promise.all(Object.values(outputs).map((pipe) => ended(pipe)));
  const done = openPipe(`${path}.done`);
  done.on('error', () => undefined); // the caller has gone
  await writeTo(done, `${status}\n`);
  await ended(done);
}

/** @returns `undefined` if there is no such file */
async function readWhole(path: string): Promise<Buffer | undefined> {
  await using file = await openPlain(path, 'r').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // in pieces, because the container may still write to it
  for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`${path} has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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
