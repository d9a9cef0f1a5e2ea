// SPDX-License-Identifier: GPL-3.0-or-later
// File systems that become full. Each is a small one of the case.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../src/core/errors.ts';
import type { FaultKind } from './kind.ts';

/** Name of the file that fills a file system. */
export const fillerName = 'filler';

/** Writes a file until the file system is full. */
export async function fill(folder: string): Promise<void> {
  await using file = await open(join(folder, fillerName), 'w');
  for (const bytes of [1024 ** 2, 4096]) {
    const block = Buffer.alloc(bytes, 1);
    try {
      for (;;) await file.write(block);
    } catch (error) {
      if (codeOf(error) !== 'ENOSPC') throw error;
    }
  }
}

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
