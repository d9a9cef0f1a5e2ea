// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { answererOf } from './answer.ts';
import { consoleSocket, serveConsoles } from './console-socket.ts';
import type { Session } from './session.ts';
import { serveSocket } from './socket.ts';
import { sessionFiles } from './spec.ts';

/**
 * Lets the session commands act on a testbed until one of them is `alpy down`. The testbed itself stays as it is.
 * @param directory - absolute path of the folder of the session; no other session may use it
 * @param onReady - called when commands can be used
 * @throws EnvironmentError when there cannot be a socket in that folder; Error of the file system
 */
export async function holdTestbed(directory: string, session: Session, onReady: () => void): Promise<void> {
  const shared = join(directory, sessionFiles.shared);
  const socketPath = join(directory, sessionFiles.socket);
  await mkdir(shared, { recursive: true });
  const consoles = session.testbed.duts.map((dut) => join(shared, consoleSocket(session.testbed, dut)));
  for (const left of [socketPath, ...consoles, join(directory, sessionFiles.identity)]) await rm(left, { force: true }); // of a session that was killed
  const asked = Promise.withResolvers<void>();
  const answer = answererOf(session, ({ args: [name] }) => {
    if (name !== 'stop') return Promise.resolve(undefined);
    asked.resolve();
    return Promise.resolve(0);
  });
  {
    await using _consoles = await serveConsoles(shared, session.testbed);
    await using _socket = await serveSocket(socketPath, answer);
    onReady();
    await asked.promise;
  }
  await rm(shared, { recursive: true, force: true });
  await rmdir(directory).catch(() => undefined); // it has files of an earlier session
}
