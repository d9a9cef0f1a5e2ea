// SPDX-License-Identifier: GPL-3.0-or-later
// Memory, network interfaces and the scheduler's socket.
import { execFile } from 'node:child_process';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import { messageOf } from '../../../src/core/errors.ts';
import { procText, qemuProcesses } from '../../support/processes.ts';
import { cutSockets } from '../cut-sockets.ts';
import type { Phase } from '../phases.ts';
import type { Target } from '../target.ts';
import type { FaultKind } from './kind.ts';
import { MissedError } from '../missed-error.ts';

const run = promisify(execFile);

/** How much more memory QEMU may use: enough for its program, but not for what the guests need soon. */
const moreBytes = 24 * 1024 ** 2;

/** Lets the containers of QEMU use hardly more memory than now, so that the kernel kills QEMU as soon as a guest needs more. */
async function limitMemory(target: Target): Promise<void> {
  await target.container('qemu');
  let hits = 0;
  for (const { Id } of await target.running('qemu')) {
    const qemu = qemuProcesses().find((pid) => procText(pid, 'cgroup').includes(Id));
    const used = qemu === undefined ? undefined : /^RssAnon:\s+(\d+) kB$/m.exec(procText(qemu, 'status'))?.[1];
    if (used === undefined) continue; // it has not started QEMU yet, or QEMU has ended
    const bytes = Number(used) * 1024 + moreBytes;
    await target.docker.getContainer(Id).update({ Memory: bytes, MemorySwap: bytes }).catch(missed);
    hits += 1;
  }
  if (hits === 0) throw new MissedError('no QEMU runs');
}

/** How long a command in a container may take, in `ms`. */
const injectMs = 20_000;

/** The interface appears soon after its node. */
const deleteLink = 'for i in $(seq 100); do ip link delete eth0 && exit; sleep 0.05; done; exit 1';

/** Removes the interface of the first node, which is one of QEMU's taps. */
async function removeTap(target: Target): Promise<void> {
  const container = await target.container('node0');
  try {
    const exec = await container.exec({ Cmd: ['sh', '-c', deleteLink], User: '0', AttachStderr: true });
    const output = await exec.start({});
    output.resume();
    try {
      // the daemon may never end the output if the container ends at the same time
      await finished(output, { signal: AbortSignal.timeout(injectMs) });
    } finally {
      output.destroy();
    }
    const { ExitCode } = await exec.inspect();
    if (ExitCode !== 0) throw new MissedError(`ip link delete ended with ${ExitCode}`);
  } catch (error) {
    throw new MissedError(messageOf(error), { cause: error });
  }
}

/** Moves the interface of the first node to another network namespace, which is removed with everything in it. */
async function removeNamespace(target: Target): Promise<void> {
  const container = await target.container('node0');
  const name = `alpy-faults-${String(target.pid)}`;
  await run('ip', ['netns', 'add', name]).catch(missed);
  try {
    const { State } = await container.inspect();
    await run('nsenter', ['--target', String(State.Pid), '--net', 'ip', 'link', 'set', 'eth0', 'netns', name]);
  } catch (error) {
    missed(error);
  } finally {
    await run('ip', ['netns', 'delete', name]);
  }
}

function missed(error: unknown): never {
  throw new MissedError(messageOf(error), { cause: error });
}

const noLink: FaultKind['expected'] = {
  statuses: [3],
  causes: [{ code: 'ALPY_ENVIRONMENT' }, { code: 'ALPY_CONTAINER_DIED' }, { code: 'ALPY_EXEC', fault: 'environment' }],
};
const linkPhases: readonly Phase[] = ['restore', 'test', 'tear-down'];
const late = 'the test had used the link for the last time';

/** Faults of the machine. */
export const machineKinds: readonly FaultKind[] = [
  {
    name: 'out-of-memory-qemu',
    phases: ['test'],
    expected: { statuses: [3], causes: [{ code: 'ALPY_CONTAINER_DIED', fault: 'environment' }] },
    project: () => ({ inTest: 'all', inGuest: 'sleep 0.5; head -c 60000000 /dev/zero | tail | sleep 1' }),
    inject: limitMemory,
  },
  {
    name: 'tap-removed',
    phases: linkPhases,
    project: () => ({ waitMs: 10_000 }),
    expected: noLink,
    harmless: late,
    harmlessIn: ['test', 'tear-down'],
    inject: removeTap,
  },
  {
    name: 'namespace-removed',
    phases: ['test'],
    project: () => ({ waitMs: 10_000 }),
    expected: noLink,
    harmless: late,
    inject: removeNamespace,
  },
  {
    name: 'scheduler-cut',
    phases: ['set-up', 'restore', 'test', 'tear-down'],
    expected: { statuses: [3], causes: [{ code: 'ALPY_ENVIRONMENT', fault: 'environment' }] },
    harmless: 'a test that has its share of the machine does not need the scheduler any more',
    inject: ({ pid, temporary, detail }) => {
      cutSockets(pid, temporary, detail < 0.5 ? 'connected' : 'listening');
    },
  },
];
