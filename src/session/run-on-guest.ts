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
 * @throws ExecTimeoutError, ContainerDiedError
 */
export async function runOnGuest(
  guest: Pick<NonNullable<Node['guest']>, 'exec'>,
  command: readonly string[],
  input: Readable | undefined,
  call: Pick<Call, 'write' | 'signal'>,
): Promise<number> {
  const spec = { command, ...(input ? { input: await buffer(input) } : {}) };
  const { exitStatus, stdout, stderr, droppedBytes } = await guest.exec(spec, { timeoutMs, signal: call.signal });
  await call.write('out', stdout);
  await call.write('err', stderr);
  if (droppedBytes > 0)
    await call.write('err', `alpy: ${droppedBytes} bytes at the start of the output are missing: the last 16 MiB were kept\n`);
  return exitStatus.code;
}
