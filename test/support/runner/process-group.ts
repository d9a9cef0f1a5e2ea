// SPDX-License-Identifier: GPL-3.0-or-later
// Source: gitlab-org/gitlab-runner 19.4.0, executors/custom/command.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { codeOf } from '../../../src/core/errors.ts';
import type { Variables } from '../../../src/core/variables.ts';

/** How long a cancelled program may take to exit before SIGKILL, and after it, in `ms`. */
export interface KillTimeouts {
  readonly gracefulMs: number;
  readonly forceMs: number;
}

/** How to run a program. */
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
 * Runs a program in its own process group until it has exited and no process has its outputs open. When `signal` aborts, the group
 * gets SIGTERM, and SIGKILL after `gracefulMs`.
 * @returns its exit status; -1 if a signal ended it
 * @throws Error when it cannot be started, or does not exit within `forceMs` after SIGKILL
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
  const givenUp = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const terminate = (): void => {
    signalGroup(child.pid, 'SIGTERM');
    timer = setTimeout(() => {
      signalGroup(child.pid, 'SIGKILL');
      timer = setTimeout(() => {
        givenUp.reject(new Error('failed to kill process, likely process is dormant'));
      }, kill.forceMs);
    }, kill.gracefulMs);
  };
  if (signal.aborted) terminate();
  else signal.addEventListener('abort', terminate, { once: true });
  try {
    const [status] = await Promise.race([closed, givenUp.promise]);
    return status ?? -1;
  } finally {
    signal.removeEventListener('abort', terminate);
    clearTimeout(timer);
    givenUp.promise.catch(() => undefined);
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return; // it could not be started
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // it has exited already
  }
}
