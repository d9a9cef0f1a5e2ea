// SPDX-License-Identifier: GPL-3.0-or-later
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotStore } from '../../src/snapshot/store.ts';
import type { Snapshot } from '../../src/snapshot/index.ts';

const record = {
  format: 2,
  key: 'b'.repeat(64),
  appliance: 'rabbit',
  createdAt: '2026-01-01T00:00:00.000Z',
  qemuVersion: '10.0.13',
  virtualMs: 1,
  inputs: {},
} as const;

/** Stores a snapshot with a few bytes of memory in a new store. */
export async function storeSmallSnapshot(
  directory: string,
): Promise<{ readonly store: SnapshotStore; readonly snapshot: Snapshot }> {
  const store = new SnapshotStore(directory, 1e6);
  const draft = await store.begin(100);
  await writeFile(join(draft, 'memory'), 'true');
  return { store, snapshot: await store.commit(draft, record, ['memory']) };
}
