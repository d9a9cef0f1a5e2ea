// SPDX-License-Identifier: GPL-3.0-or-later
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import type { Node } from '../network/index.ts';
import type { Call } from './call.ts';

/** How long a command may take, in `ms`: as long as a timer can wait, because the caller can cancel it. */
const timeoutMs = 2 ** 31 - 1;

/**
 * Runs a command on a node of kind `guest`, with its whole input, and passes its output on when it ends. A cancelled command runs on until
 * the testbed ends.
 * @returns its exit status
 * @throws what `node.run` throws
 */
export async function runOnGuest(
  node: Node,
  command: readonly string[],
  input: Readable | undefined,
  call: Call,
): Promise<number> {
  const wait = { timeoutMs, signal: call.signal };
  const options = { check: false, ...wait, ...(input ? { input: await buffer(input) } : {}) };
  const { exitStatus, stdout, stderr } = await node.run(command, options);
  await call.write('out', Buffer.from(stdout));
  await call.write('err', Buffer.from(stderr));
  return exitStatus;
}
