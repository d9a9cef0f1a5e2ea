// SPDX-License-Identifier: GPL-3.0-or-later
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { codeOf } from '../../../src/core/errors.ts';
import type { Variables } from '../../../src/core/variables.ts';

/** How long a program that is to end may take before the next thing is done to it, in `ms`. */
export interface KillTimeouts {
  readonly gracefulMs: number;
  readonly forceMs: number;
}

/** A program to be run. */
export interface ProgramSpec {
  /** the program and its arguments */
  readonly words: readonly string[];
  readonly directory: string;
  readonly environment: Variables;
  readonly stdout: (data: Buffer) => void;
  readonly stderr: (data: Buffer) => void;
  readonly kill: KillTimeouts;
}

/**
 * Runs a program in a process group of its own, until it has ended and nobody has its outputs open any more. When `signal`
 * fires, the group gets SIGTERM, later SIGKILL, and is given up at last.
 * @returns its exit status, -1 when a signal ended it
 * @throws Error when it cannot be started, or does not end
 */
export async function runProgram(
  { words, directory, environment, stdout, stderr, kill }: ProgramSpec,
  signal: AbortSignal,
): Promise<number> {
  const [command = '', ...args] = words;
  const child = spawn(command, args, {
    cwd: directory,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', stdout);
  child.stderr.on('data', stderr);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const given = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const terminate = (): void => {
    signalGroup(child.pid, 'SIGTERM');
    timer = setTimeout(() => {
      signalGroup(child.pid, 'SIGKILL');
      timer = setTimeout(() => {
        given.reject(new Error('failed to kill process, likely process is dormant'));
      }, kill.forceMs);
    }, kill.gracefulMs);
  };
  if (signal.aborted) terminate();
  else signal.addEventListener('abort', terminate, { once: true });
  try {
    const [status] = await Promise.race([closed, given.promise]);
    return status ?? -1;
  } finally {
    signal.removeEventListener('abort', terminate);
    clearTimeout(timer);
    given.promise.catch(() => undefined);
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return; // it could not be started
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // it has ended by itself
  }
}
