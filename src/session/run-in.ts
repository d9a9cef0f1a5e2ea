// SPDX-License-Identifier: GPL-3.0-or-later
import type { Readable } from 'node:stream';
import { exec, startExec, type Container, type TerminalSize } from '../docker/index.ts';
import type { Call, CallerTerminal, OutputName } from './call.ts';

/** A command to run in a container. */
export interface Command {
  readonly command: readonly string[];
  readonly input?: Readable | undefined;
  /** the command gets a terminal of the same type and size; then all its output is on `out` */
  readonly terminal?: CallerTerminal | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** How long after SIGTERM a cancelled command is killed, in `ms`. */
const graceMs = 5000;

/** Prints its PID, which is also its process group, because the daemon starts each command as a session leader. */
const printPid = 'echo "$$"; exec "$@"';

/** Sets the size before the command can ask for it; the daemon sets that of a new terminal some time after its start. */
function setSize({ rows, columns }: TerminalSize): string {
  return `stty rows ${rows} columns ${columns} 2>/dev/null`;
}

/**
 * Runs a command in a container and passes its output on as it arrives. If the call is cancelled, its process group gets SIGTERM,
 * and SIGKILL if it has not ended 5 s later.
 * @returns its exit status
 * @throws ContainerError when the container has ended, or the daemon refuses
 */
export async function runIn(container: Container, options: Command, call: Call): Promise<number> {
  const { command, input, terminal } = options;
  const environment = { ...options.environment, ...(terminal ? { TERM: terminal.type } : {}) };
  const start = terminal ? `${setSize(terminal.size)}; ${printPid}` : printPid;
  const spec = { command: ['sh', '-c', start, 'sh', ...command], environment, terminal: terminal?.size };
  const execution = await startExec(container, spec, call.signal);
  const ended = new AbortController();
  terminal?.onResize(execution.resize, ended.signal);
  const pid = Promise.withResolvers<string>();
  const cancelled = (): void => {
    void pid.promise.then((value) => endGroup(container, value, execution.exited));
  };
  call.signal.addEventListener('abort', cancelled, { once: true });
  try {
    // after the line with the PID: a terminal would show input that came earlier in front of it
    if (input) void pid.promise.then(() => input.pipe(execution.stdin));
    else execution.stdin.end();
    const [exitStatus] = await Promise.all([
      execution.exited,
      copy(afterFirstLine(execution.stdout, pid.resolve), 'out', call),
      copy(execution.stderr, 'err', call),
    ]);
    return exitStatus.code;
  } finally {
    ended.abort();
    input?.unpipe(execution.stdin);
    call.signal.removeEventListener('abort', cancelled);
  }
}

async function endGroup(container: Container, pid: string, exited: Promise<unknown>): Promise<void> {
  const send = async (name: string): Promise<void> => {
    const command = ['sh', '-c', 'kill -s "$0" -- "-$1"', name, pid]; // the shell's kill: few images have the program
    await exec(container, { command }, { timeoutMs: graceMs }).catch(() => undefined); // at the latest it ends with the testbed
  };
  await send('TERM');
  const timer = setTimeout(() => void send('KILL'), graceMs);
  await exited.catch(() => undefined);
  clearTimeout(timer);
}

async function copy(stream: AsyncIterable<Buffer>, output: OutputName, call: Call): Promise<void> {
  for await (const chunk of stream) await call.write(output, chunk);
}

/** Longest line with a PID, in bytes. */
const maxPidBytes = 32;

/**
 * Removes the first line from a stream and passes it to `onLine`. A stream whose beginning is no short line is passed on whole: the
 * container's shell is not what it seems.
 */
async function* afterFirstLine(stream: Readable, onLine: (line: string) => void): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (!head) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\n');
    if (end < 0 && head.length <= maxPidBytes) continue;
    if (end < 0 || end > maxPidBytes) {
      onLine('');
      yield head;
      head = undefined;
      continue;
    }
    onLine(head.toString('utf8', 0, end).trim()); // a terminal ends lines with a carriage return, too
    if (end + 1 < head.length) yield head.subarray(end + 1);
    head = undefined;
  }
}
