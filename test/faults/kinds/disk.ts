// SPDX-License-Identifier: GPL-3.0-or-later
// File systems that become full. Each is a small one of the case.
import { join } from 'node:path';
import { fill } from '../../support/fill-disk.ts';
import type { FaultKind } from './kind.ts';

const full: FaultKind['expected'] = {
  statuses: [3],
  causes: (['ALPY_TRANSCRIPT', 'ALPY_CAPTURE', 'ALPY_ENVIRONMENT', 'ALPY_SNAPSHOT', 'ALPY_DISK_IO', 'ENOSPC'] as const).map(
    (code) => ({
      code,
      fault: 'environment',
    }),
  ),
};

/** Full disks. */
export const diskKinds: readonly FaultKind[] = [
  {
    name: 'disk-full-run-folder',
    phases: ['inspect', 'set-up', 'restore', 'test', 'tear-down', 'reporting'],
    expected: full,
    small: { folder: 'alpy-out', megabytes: 16 },
    losesReports: true,
    inject: ({ directory }) => fill(join(directory, 'alpy-out')),
  },
  {
    name: 'disk-full-store',
    phases: ['boot', 'save'],
    expected: full,
    harmless: 'the snapshot had been written, or the tests boot without one',
    small: { folder: 'snapshots', megabytes: 400 },
    inject: ({ store }) => fill(store),
  },
];
