// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { EnvironmentError } from '../core/errors.ts';
import { withDeadline } from '../core/deadline.ts';
import { callSocket } from './socket.ts';
import { sessionFiles } from './spec.ts';

/** How long a testbed may take to end, in `ms`; that is some 300 where nothing is wrong. */
const stopTimeoutMs = 60_000;

/**
 * Has a keeper end its testbed, and waits until it has: its captures are whole then. Does nothing when there is none.
 * @param directory - folder of its session
 * @returns what was wrong with the testbed when it ended, such as a guest that nobody had told to power off; empty when nothing
 * @throws EnvironmentError when it has not ended in time
 */
export async function stopKeeper(directory: string, signal?: AbortSignal): Promise<string> {
  const path = join(directory, sessionFiles.socket);
  if (!existsSync(path)) return '';
  const complaints: Buffer[] = [];
  await withDeadline(
    { timeoutMs: stopTimeoutMs, signal },
    (cause) =>
      new EnvironmentError(`the testbed of ${directory} did not end within ${String(stopTimeoutMs / 1000)} s`, { cause }),
    async (abort) => {
      const keepWord = (data: Buffer): void => void complaints.push(data);
      await callSocket(path, { args: ['stop'], stdout: () => undefined, stderr: keepWord, signal: abort }).catch(
        (error: unknown) => {
          abort.throwIfAborted();
          if (!(error instanceof EnvironmentError)) throw error; // nobody listens: it has ended
        },
      );
    },
  );
  return Buffer.concat(complaints).toString().trim();
}

/** Whether a keeper holds the testbed of a session. */
export async function isKept(directory: string): Promise<boolean> {
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
