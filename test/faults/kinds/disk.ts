// SPDX-License-Identifier: GPL-3.0-or-later
// File systems that become full. Each is a small one of the case.
import { join } from 'node:path';
import { fill } from '../../support/fill-disk.ts';
import type { FaultKind } from './kind.ts';

function full(...codes: readonly string[]): FaultKind['expected'] {
  return { statuses: [3], causes: codes.map((code) => ({ code, fault: 'environment' })) };
}

/** Full disks. */
export const diskKinds: readonly FaultKind[] = [
  {
    name: 'disk-full-run-folder',
    phases: ['inspect', 'set-up', 'restore', 'test', 'tear-down', 'reporting'],
    expected: full('ALPY_TRANSCRIPT', 'ALPY_CAPTURE', 'ALPY_ENVIRONMENT', 'ENOSPC'),
    small: { folder: 'alpy-out', megabytes: 16 },
    losesReports: true,
    inject: ({ directory }) => fill(join(directory, 'alpy-out')),
  },
  {
    name: 'disk-full-store',
    phases: ['boot', 'save'],
    expected: full('ALPY_SNAPSHOT', 'ALPY_DISK_IO'),
    harmless: 'the snapshot had been written, or the tests boot without one',
    small: { folder: 'snapshots', megabytes: 400 },
    inject: ({ store }) => fill(store),
  },
];
