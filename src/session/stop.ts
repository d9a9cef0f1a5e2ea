// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnvironmentError } from '../core/errors.ts';
import { withDeadline } from '../core/deadline.ts';
import { parseIdentity, processState, type ProcessIdentity } from '../core/identity.ts';
import { callSocket } from './socket.ts';
import { sessionFiles } from './spec.ts';

/** How long a session may take to end, in `ms`; usually it takes some 300. */
const stopTimeoutMs = 60_000;

/** How long a killed session server may take to exit, in `ms`. */
const killTimeoutMs = 5000;

/** How often to check whether a process has exited, in `ms`. Only its parent is notified. */
const exitCheckMs = 5;

/**
 * Stops a session: its testbed is torn down, its captures are complete, and its process has exited. Does nothing if there is no
 * session. A session server that does not end in time is killed, and its containers end with it: a job can keep it busy for ever,
 * for example with a regular expression.
 * @param directory - folder of the session
 * @param timeoutMs - how long it may take
 * @returns what was wrong with the testbed when it ended, such as a guest that had powered off unexpectedly; empty if nothing
 * @throws EnvironmentError when it has not ended in time, and cannot be killed
 */
export async function stopSession(directory: string, signal?: AbortSignal, timeoutMs = stopTimeoutMs): Promise<string> {
  const path = join(directory, sessionFiles.socket);
  if (!existsSync(path)) return '';
  const identity = await readIdentity(directory);
  const errorOutput: Buffer[] = [];
  const lateness = `the testbed of ${directory} did not end within ${timeoutMs / 1000} s`;
  const late = new EnvironmentError(lateness);
  await withDeadline(
    { timeoutMs, signal },
    () => late,
    async (abort) => {
      const stderr = (data: Buffer): void => void errorOutput.push(data);
      try {
        await callSocket(path, { args: ['stop'], stdout: () => undefined, stderr, signal: abort });
      } catch (error) {
        abort.throwIfAborted();
        if (!(error instanceof EnvironmentError)) throw error;
        return; // nobody listens: it has ended
      }
      await waitForExit(identity, abort); // the connection closes just before the process is gone
    },
  ).catch(async (error: unknown) => {
    if (error !== late || !(await killSessionServer(identity))) throw error;
    errorOutput.push(Buffer.from(`${lateness}, so its process was killed`));
  });
  return Buffer.concat(errorOutput).toString().trim();
}

/** Returns `undefined` for a session of an older alpy. */
async function readIdentity(directory: string): Promise<ProcessIdentity | undefined> {
  return parseIdentity(await readFile(join(directory, sessionFiles.identity), 'utf8').catch(() => ''));
}

/** @returns whether the process has exited */
async function killSessionServer(identity: ProcessIdentity | undefined): Promise<boolean> {
  if (identity && processState(identity) === 'alive') {
    process.kill(identity.pid, 'SIGKILL');
    await waitForExit(identity, AbortSignal.timeout(killTimeoutMs)).catch(() => undefined); // the next line has the result
  }
  return processState(identity) === 'dead';
}

/**
 * Waits until a process has exited. Returns at once if it cannot be seen from here.
 * @throws the signal's reason
 */
async function waitForExit(identity: ProcessIdentity | undefined, signal: AbortSignal): Promise<void> {
  while (processState(identity) === 'alive') {
    await sleep(exitCheckMs);
    signal.throwIfAborted();
  }
}

/** Whether a session server listens in a folder. */
export async function isSessionUp(directory: string): Promise<boolean> {
  const socket = createConnection(join(directory, sessionFiles.socket));
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // there is no such socket, or nobody listens because the server has died
  } finally {
    socket.destroy();
  }
}
