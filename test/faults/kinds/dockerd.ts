// SPDX-License-Identifier: GPL-3.0-or-later
// The Docker daemon itself: one of the campaign, with its own folders.
import { setTimeout as sleep } from 'node:timers/promises';
import { fill } from '../../support/fill-disk.ts';
import { phases } from '../phases.ts';
import type { Expectation, FaultKind } from './kind.ts';

const lost: Expectation = { statuses: [3], causes: [{ code: 'ALPY_DAEMON', fault: 'environment' }] };
const base = { phases, expected: lost, usesOwnDaemon: true, isSlow: true } as const;

/** Faults of a daemon. */
export const dockerdKinds: readonly FaultKind[] = [
  {
    ...base,
    name: 'dockerd-SIGKILL',
    inject: async ({ daemon }) => {
      daemon!.send('SIGKILL');
      await daemon!.ended();
    },
  },
  {
    ...base,
    name: 'dockerd-restart',
    harmless: 'the run had not asked the daemon for anything yet',
    harmlessIn: ['inspect'],
    inject: async ({ daemon }) => {
      daemon!.send('SIGTERM');
      await daemon!.ended();
      await daemon!.ensureRunning();
    },
  },
  {
    ...base,
    name: 'dockerd-SIGSTOP',
    expected: { statuses: [3], causes: [...lost.causes!, { code: 'ALPY_CONTAINER_TIMEOUT', fault: 'environment' }] },
    harmless: 'the daemon goes on after a few seconds',
    inject: async ({ daemon, detail }) => {
      daemon!.send('SIGSTOP');
      await sleep(500 + 5000 * detail);
      daemon!.send('SIGCONT');
    },
  },
  {
    ...base,
    name: 'disk-full-docker-root',
    phases: ['inspect', 'set-up', 'restore', 'test'],
    expected: {
      statuses: [3],
      causes: ['ALPY_DISK_IO', 'ALPY_CONTAINER'].map((code) => ({ code, fault: 'environment' })),
    },
    harmless: 'containers that run may need no space there',
    project: () => ({ inTest: 'all', inGuest: 'sleep 1; head -c 20000000 /dev/urandom >/root/data; sync' }),
    inject: ({ daemon }) => fill(daemon!.root),
  },
];
