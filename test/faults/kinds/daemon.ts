// SPDX-License-Identifier: GPL-3.0-or-later
// The connection to the Docker daemon, which freezes or breaks. A proxy stands before the daemon.
import { setTimeout as sleep } from 'node:timers/promises';
import { phases } from '../phases.ts';
import type { FaultKind } from './kind.ts';

const lost: FaultKind['expected'] = { statuses: [3], causes: [{ code: 'ALPY_DAEMON', fault: 'environment' }] };

/** Faults of the daemon, as alpy sees them. */
export const daemonKinds: readonly FaultKind[] = [
  { name: 'daemon-cut', phases, expected: lost, usesProxy: true, inject: ({ proxy }) => proxy!.die() },
  {
    name: 'daemon-freeze',
    phases,
    expected: {
      statuses: [3],
      causes: [
        { code: 'ALPY_DAEMON', fault: 'environment' },
        { code: 'ALPY_CONTAINER_TIMEOUT', fault: 'environment' },
      ],
    },
    harmless: 'the daemon answers again in time',
    usesProxy: true,
    inject: async ({ proxy, detail }) => {
      proxy!.freeze();
      await sleep(500 + 4000 * detail);
      proxy!.thaw();
    },
  },
  {
    name: 'daemon-frozen-SIGINT',
    phases,
    expected: { statuses: [130], early: 'SIGINT' },
    usesProxy: true,
    limitMs: 12_000,
    inject: async ({ proxy, pid, detail }) => {
      proxy!.freeze();
      await sleep(1000 * detail);
      process.kill(-pid, 'SIGINT');
    },
  },
];
