// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { sessionFiles } from '../session/index.ts';
import type { CliIo } from './io.ts';

/** Ctrl-], as in telnet and virsh. */
const leaveByte = 0x1d;

/**
 * Connects this terminal to a serial console of a session, until the user presses Ctrl-] or the session ends.
 * @throws EnvironmentError if there is no session
 */
export async function attachConsole(directory: string, name: string, io: CliIo): Promise<void> {
  const { stdin, stdout } = process;
  const path = join(directory, sessionFiles.shared, name);
  const socket = createConnection(path);
  await once(socket, 'connect').catch((cause: unknown) => {
    throw new EnvironmentError(`no testbed is running in ${directory} (${messageOf(cause)}). Start one with alpy up`, { cause });
  });
  io.stderr('connected to the console; Ctrl-] leaves it');
  const leave = (): void => {
    socket.destroy();
  };
  io.signal.addEventListener('abort', leave, { once: true });
  if (stdin.isTTY) stdin.setRawMode(true);
  stdin.on('data', (data: Buffer) => {
    if (stdin.isTTY && data.includes(leaveByte)) leave();
    else socket.write(data);
  });
  stdin.once('end', leave);
  socket.pipe(stdout, { end: false });
  socket.on('error', () => undefined); // 'close' follows
  if (!socket.destroyed) await once(socket, 'close');
  if (stdin.isTTY) stdin.setRawMode(false);
  stdin.pause();
  stdin.removeAllListeners('data');
}
