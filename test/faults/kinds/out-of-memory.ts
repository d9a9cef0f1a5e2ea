// SPDX-License-Identifier: GPL-3.0-or-later
// The kernel kills the main process of a container because its memory is used up.
import { writeFileSync } from 'node:fs';
import { messageOf } from '../../../src/core/errors.ts';
import type { Target } from '../target.ts';
import type { FaultKind } from './kind.ts';
import { MissedError } from '../missed-error.ts';

const limitBytes = 24 * 1024 ** 2;

/** Uses up the memory of a container; the kernel kills its main process first. */
async function useUp(target: Target, role: string): Promise<void> {
  const container = await target.container(role);
  try {
    const { State } = await container.inspect();
    writeFileSync(`/proc/${State.Pid}/oom_score_adj`, '1000');
    await container.update({ Memory: limitBytes, MemorySwap: limitBytes });
    const exec = await container.exec({ Cmd: ['sh', '-c', 'head -c 100000000 /dev/zero | tail'], User: '0' });
    // an answer that is not read keeps its connection, and with it this process, until the daemon closes it after 5 minutes
    (await exec.start({ Detach: true })).resume();
  } catch (error) {
    throw new MissedError(messageOf(error), { cause: error });
  }
}

/** Containers of nodes and apps that run out of memory. */
export const outOfMemoryKinds: readonly FaultKind[] = [
  {
    name: 'out-of-memory-node',
    phases: ['test'],
    expected: { statuses: [3], causes: [{ code: 'ALPY_CONTAINER_DIED', fault: 'environment' }] },
    inject: (target) => useUp(target, 'node0'),
  },
  {
    name: 'out-of-memory-app',
    phases: ['test'],
    // the test decides how much memory an app may use
    expected: { statuses: [2], causes: [{ code: 'ALPY_APP_ENDED', fault: 'usage' }] },
    inject: (target) => useUp(target, 'ping-node0'),
  },
];
