// SPDX-License-Identifier: GPL-3.0-or-later
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { CliIo } from '../io.ts';

/** The port that debuggers try first. */
const usualPort = 9229;

/** Chooses a port for the debugger, and says how to attach one. */
export async function prepareDebugging(io: CliIo): Promise<number> {
  const port = (await freePort(usualPort)) ?? (await freePort(0)) ?? usualPort;
  io.stderr(
    [
      `The test waits for a debugger at 127.0.0.1:${port}, and then stops before the first line of its file. To attach one:`,
      `  Chrome    open chrome://inspect${port === usualPort ? '' : ` and add 127.0.0.1:${port} with Configure`}; choose the process below Remote Target`,
      `  VS Code   run "Debug: Attach to Node Process", or a launch configuration {"type": "node", "request": "attach", "port": ${port}}`,
      `  terminal  node inspect 127.0.0.1:${port}`,
    ].join('\n'),
  );
  return port;
}

/** Returns the port if nobody listens on it; for 0, any that is free. */
async function freePort(port: number): Promise<number | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' ? address?.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
