// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { EnvironmentError } from '../core/errors.ts';
import { withDeadline } from '../core/deadline.ts';
import { parseIdentity, processState } from '../core/identity.ts';
import { callSocket } from './socket.ts';
import { sessionFiles } from './spec.ts';

/** How long a testbed may take to end, in `ms`; that is some 300 where nothing is wrong. */
const stopTimeoutMs = 60_000;

/** How long a keeper that is killed may take to be gone, in `ms`. */
const killTimeoutMs = 5000;

/**
 * Has a keeper end its testbed, and waits until it has: its captures are whole then. Does nothing when there is none. One that
 * does not end in time is killed, and its containers end then: a job can keep it busy for ever, such as by a pattern.
 * @param directory - folder of its session
 * @param timeoutMs - how long it may take
 * @returns what was wrong with the testbed when it ended, such as a guest that nobody had told to power off; empty when nothing
 * @throws EnvironmentError when it has not ended in time, and cannot be killed
 */
export async function stopSession(directory: string, signal?: AbortSignal, timeoutMs = stopTimeoutMs): Promise<string> {
  const path = join(directory, sessionFiles.socket);
  if (!existsSync(path)) return '';
  const errorOutput: Buffer[] = [];
  const lateness = `the testbed of ${directory} did not end within ${timeoutMs / 1000} s`;
  const late = new EnvironmentError(lateness);
  await withDeadline(
    { timeoutMs, signal },
    () => late,
    async (abort) => {
      const keepWord = (data: Buffer): void => void errorOutput.push(data);
      await callSocket(path, { args: ['stop'], stdout: () => undefined, stderr: keepWord, signal: abort }).catch(
        (error: unknown) => {
          abort.throwIfAborted();
          if (!(error instanceof EnvironmentError)) throw error; // nobody listens: it has ended
        },
      );
    },
  ).catch(async (error: unknown) => {
    if (error !== late || !(await killSessionServer(directory))) throw error;
    errorOutput.push(Buffer.from(`${lateness}, so its keeper was killed`));
  });
  return Buffer.concat(errorOutput).toString().trim();
}

/** @returns whether it is gone */
async function killSessionServer(directory: string): Promise<boolean> {
  const identity = parseIdentity(await readFile(join(directory, sessionFiles.identity), 'utf8').catch(() => '')); // an older alpy wrote none
  if (identity === undefined || processState(identity) === 'unknown') return false;
  if (processState(identity) === 'alive') process.kill(identity.pid, 'SIGKILL');
  const deadlineMs = performance.now() + killTimeoutMs;
  while (processState(identity) === 'alive' && performance.now() < deadlineMs) await setTimeout(10);
  return processState(identity) === 'dead';
}

/** Whether a keeper holds the testbed of a session. */
export async function isSessionUp(directory: string): Promise<boolean> {
  const socket = createConnection(join(directory, sessionFiles.socket));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // no such socket, or nobody listens: its keeper has died
  } finally {
    socket.destroy();
  }
}
