// SPDX-License-Identifier: GPL-3.0-or-later
// Containers of a testbed that are killed.
import { messageOf } from '../../../src/core/errors.ts';
import type { Phase } from '../phases.ts';
import type { Target } from '../target.ts';
import type { Expectation, FaultKind } from './kind.ts';
import { MissedError } from '../missed-error.ts';

/** Phases in which a testbed exists. */
const testbedPhases: readonly Phase[] = ['set-up', 'boot', 'save', 'restore', 'test', 'tear-down'];

const died: Expectation = {
  statuses: [3],
  causes: [
    { code: 'ALPY_CONTAINER_DIED', fault: 'environment' },
    // while the testbed is torn down, when its verdict is known
    { code: 'ALPY_CLEANUP', fault: 'environment', message: /: the container ended with .*SIGKILL/ },
  ],
};

/** Kills a container as the kernel or an administrator may do. */
async function kill(target: Target, role: string): Promise<void> {
  const container = await target.container(role);
  await container.kill({ signal: 'SIGKILL' }).catch(missed);
}

/** Kills QEMU from outside: no process of its container may signal it. */
async function killHypervisor(target: Target): Promise<void> {
  try {
    process.kill(await target.qemu(), 'SIGKILL');
  } catch (error) {
    missed(error);
  }
}

function missed(error: unknown): never {
  throw new MissedError(`it has ended: ${messageOf(error)}`, { cause: error });
}

/** Phases at whose ends QEMU, its node and its lifeline are killed anyway. */
const latePhases: readonly Phase[] = ['save', 'tear-down'];
const lateReason = 'a container that is killed while its testbed is torn down has nothing left to do';

function killing(name: string, phases: readonly Phase[], role: string, rest: Partial<FaultKind> = {}): FaultKind {
  const late = { harmless: lateReason, harmlessIn: latePhases };
  return { name: `kill-${name}`, phases, expected: died, ...late, ...rest, inject: (target) => kill(target, role) };
}

/** Kills a part of a testbed. */
export const containerKinds: readonly FaultKind[] = [
  killing('lifeline', testbedPhases, 'lifeline'),
  killing('node', testbedPhases, 'node0'),
  killing('app', ['test'], 'ping-node0', {
    expected: { statuses: [3], causes: [{ code: 'ALPY_APP_ENDED', fault: 'environment' }] },
    harmless: undefined,
  }),
  killing('decoder', ['test'], 'decoder', {
    expected: { statuses: [] },
    harmless: 'tshark decodes the capture instead',
    harmlessIn: ['test'],
  }),
  {
    name: 'kill-qemu',
    phases: testbedPhases,
    // while it starts or restores: "it ended with signal SIGKILL"
    expected: { ...died, causes: [...died.causes!, { code: 'ALPY_HYPERVISOR', fault: 'environment' }] },
    harmless: lateReason,
    harmlessIn: latePhases,
    inject: killHypervisor,
  },
];
