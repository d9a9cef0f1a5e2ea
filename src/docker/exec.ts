// SPDX-License-Identifier: GPL-3.0-or-later
import { PassThrough, type Duplex, type Readable } from 'node:stream';
import { withDeadline, type Wait } from '../core/deadline.ts';
import { outputDetail } from '../core/error-details.ts';
import { OutputTail } from '../core/output.ts';
import { demultiplex, type Container } from './container.ts';
import { commandText, ExecTimeoutError } from './errors.ts';
import type { ExitStatus } from '../core/exit-status.ts';

/** A command for a running container. */
export interface ExecSpec {
  readonly command: readonly string[];
  /** what the command reads from its standard input; absent for nothing */
  readonly input?: string | Uint8Array | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly workingDirectory?: string | undefined;
  /** default: that of the container */
  readonly user?: string | undefined;
  /** size of the terminal that the command gets, in characters; absent for none. With a terminal, all output is on `stdout` */
  readonly terminal?: TerminalSize | undefined;
}

/** Size of a terminal, in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** What a command printed and how it ended. */
export interface ExecResult {
  readonly exitStatus: ExitStatus;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** how many bytes are missing at the start of `stdout` and `stderr`; the last 16 MiB of each are kept */
  readonly droppedBytes: number;
}

/** A command that runs in a container. */
export interface Execution {
  readonly stdin: Duplex;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** how it ended */
  readonly exited: Promise<ExitStatus>;
  /** changes the size of its terminal, if it has one and still runs */
  readonly resize: (size: TerminalSize) => void;
  /** closes the streams; the command ends when it notices, at the latest with the testbed */
  readonly close: () => void;
}

/**
 * Starts a command in a container.
 * @throws ContainerError if the container has ended, or the daemon refuses
 */
export async function startExec(container: Container, spec: Omit<ExecSpec, 'input'>, signal?: AbortSignal): Promise<Execution> {
  const { engine, handle, name } = container;
  const what = `run ${spec.command[0] ?? ''} in ${name}`;
  const exec = await engine.call(what, signal, () =>
    handle.exec({
      Cmd: [...spec.command],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
      Tty: spec.terminal !== undefined,
      Env: Object.entries(spec.environment ?? {}).map(([key, value]) => `${key}=${value}`),
      ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
      ...(spec.user === undefined ? {} : { User: spec.user }),
    }),
  );
  const stream = await engine.call(what, signal, () =>
    exec.start({ hijack: true, stdin: true, Tty: spec.terminal !== undefined }),
  );
  stream.on('error', () => undefined); // a command may end without reading all its input
  const exited = engine.exits.exitOf(exec.id);
  void exited
    .finally(() => {
      engine.exits.forget(exec.id);
    })
    .catch(() => undefined);
  const resize = ({ rows, columns }: TerminalSize): void => {
    // fails only if the command has ended
    void exec.resize({ h: rows, w: columns }).catch(() => undefined);
  };
  if (spec.terminal) resize(spec.terminal);
  const outputs = spec.terminal ? terminalOutputs(stream) : demultiplex(engine, stream);
  return { stdin: stream, ...outputs, exited, resize, close: () => stream.destroy() };
}

/** A terminal has one output. */
function terminalOutputs(stream: Duplex): { readonly stdout: Readable; readonly stderr: Readable } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  stream.pipe(stdout);
  stream.once('close', () => stdout.end());
  stderr.end();
  return { stdout, stderr };
}

/**
 * Runs a command in a container and returns the last 16 MiB of each output. A status other than 0 is not an error here.
 * @throws {@link ExecTimeoutError} if it does not end in time; it keeps running, at most until the end of the testbed
 * @throws ContainerError if the container has ended, or the daemon refuses
 */
export async function exec(container: Container, spec: ExecSpec, wait: Wait): Promise<ExecResult> {
  const [stdout, stderr] = [new OutputTail(), new OutputTail()];
  const textOf = (tail: OutputTail): string => tail.bytes().toString();
  const onTimeout = (cause: unknown): ExecTimeoutError => {
    const details = [
      ...outputDetail('Standard output so far', textOf(stdout)),
      ...outputDetail('Standard error so far', textOf(stderr)),
    ];
    return new ExecTimeoutError(container.name, `the end of ${commandText(spec.command)}`, wait.timeoutMs, {
      cause,
      details,
    });
  };
  return withDeadline(wait, onTimeout, async (signal) => {
    const execution = await startExec(container, spec, signal);
    const stop = (): void => {
      execution.close();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      const output = Promise.all([copyTo(stdout, execution.stdout), copyTo(stderr, execution.stderr)]);
      execution.stdin.end(spec.input ?? '');
      const [exitStatus] = await Promise.all([execution.exited, output]);
      const droppedBytes = stdout.droppedBytes + stderr.droppedBytes;
      return { exitStatus, stdout: stdout.bytes(), stderr: stderr.bytes(), droppedBytes };
    } finally {
      signal.removeEventListener('abort', stop);
    }
  });
}

async function copyTo(tail: OutputTail, stream: Readable): Promise<void> {
  for await (const chunk of stream) tail.push(chunk as Buffer);
}
