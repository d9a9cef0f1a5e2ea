// SPDX-License-Identifier: GPL-3.0-or-later
// Guests that misbehave. The guest does it by itself, some time after its test has begun.
import { testCount } from '../plan.ts';
import type { FaultKind } from './kind.ts';

const lost = { statuses: [1], causes: [{ code: 'ALPY_GUEST_LOST', fault: 'device' as const }] };
const unresponsive = {
  statuses: [1],
  causes: [undefined, 'ALPY_COMMAND', 'ALPY_CONSOLE_TIMEOUT', 'ALPY_EXEC', 'ALPY_EXEC_TIMEOUT', 'ALPY_DEVICE'].map((code) => ({
    code,
    fault: 'device' as const,
  })),
};

/** Else the kernel leaves 5 % of the processor to programs that have no real-time priority. */
const noShareForOthers = [
  'echo -1 >/proc/sys/kernel/sched_rt_runtime_us',
  'mount -t debugfs debugfs /sys/kernel/debug',
  'echo 0 >/sys/kernel/debug/sched/fair_server/cpu0/runtime', // from Linux 6.12 on
].join('; ');

/** @param command - what the guest's shell runs */
function inGuest(name: string, command: string, rest: Pick<FaultKind, 'expected' | 'harmless'>): FaultKind {
  return {
    name: `guest-${name}`,
    phases: ['test'],
    ...rest,
    isByGuest: true,
    project: (detail) => ({
      waitMs: 10_000,
      inTest: 1 + Math.floor(detail * testCount),
      inGuest: `sleep ${(detail * 0.8).toFixed(2)}; ${command}`,
    }),
    inject: () => undefined, // the guest does it
  };
}

/** Faults of the guest. */
export const guestKinds: readonly FaultKind[] = [
  inGuest('panic', 'echo c >/proc/sysrq-trigger', { expected: lost }),
  inGuest('reboot-loop', 'echo b >/proc/sysrq-trigger', { expected: lost }),
  inGuest('hang', `${noShareForOthers}; chrt -f 99 sh -c "while :; do :; done"`, { expected: unresponsive }),
  inGuest('silence', 'kill -STOP -1', { expected: unresponsive }),
  inGuest('console-flood', 'yes flood >/dev/ttyS0', { expected: unresponsive, harmless: 'alpy finds its markers in the flood' }),
  inGuest('clock-step', 'date -s 2035-01-01; date -s 1999-01-01', {
    expected: { statuses: [] },
    harmless: 'no wait depends on the clock of the guest',
  }),
];
