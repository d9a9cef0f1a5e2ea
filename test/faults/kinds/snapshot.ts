// SPDX-License-Identifier: GPL-3.0-or-later
// Files of a snapshot that change while runs start from it.
import { randomBytes } from 'node:crypto';
import { open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import type { Phase } from '../phases.ts';
import type { ProjectChanges } from '../project.ts';
import type { Target } from '../target.ts';
import type { FaultKind } from './kind.ts';
import { MissedError } from '../missed-error.ts';

const restorePhases: readonly Phase[] = ['inspect', 'set-up', 'restore', 'test', 'tear-down'];
const changedBytes = 4 * 1024 ** 2;

/** Path of a file of the snapshot. @throws MissedError when there is no snapshot */
async function fileOf({ store }: Target, name: string): Promise<string> {
  const [key] = await readdir(join(store, 'saved')).catch(() => []);
  if (key === undefined) throw new MissedError('there is no snapshot');
  return join(store, 'saved', key, name);
}

async function change(target: Target): Promise<void> {
  const path = await fileOf(target, target.detail < 0.5 ? 'memory' : 'state');
  const { size } = await stat(path);
  await using file = await open(path, 'r+');
  const bytes = randomBytes(Math.min(changedBytes, size));
  await file.write(bytes, 0, bytes.length, Math.floor(target.detail * (size - bytes.length)));
}

async function cut(target: Target): Promise<void> {
  const path = await fileOf(target, target.detail < 0.5 ? 'memory' : 'state');
  await truncate(path, Math.floor(target.detail * (await stat(path)).size));
}

/** Removes the snapshot as `alpy snapshot prune` does: not under a lock. */
async function prune({ store }: Target): Promise<void> {
  await rm(join(store, 'saved'), { recursive: true, force: true });
}

const broken: FaultKind['expected'] = { statuses: [3], causes: [{ code: 'ALPY_SNAPSHOT', fault: 'environment' }] };

function damaging(name: string, inject: FaultKind['inject'], harmless: string): FaultKind {
  const remade = 'a damaged snapshot is found before it is used, and replaced by a new one';
  const project = (): ProjectChanges => ({ waitMs: 15_000 }); // a guest whose memory has changed may hang
  const base = { name: `snapshot-${name}`, phases: restorePhases, expected: broken, hasOwnStore: true, project };
  return { ...base, harmless: `${harmless}; ${remade}`, inject };
}

/** Faults of a snapshot's files. */
export const snapshotKinds: readonly FaultKind[] = [
  damaging('changed', change, 'QEMU has read what it needs'),
  damaging('truncated', cut, 'QEMU has read what it needs'),
  damaging('pruned', prune, 'QEMU keeps its files open'),
];
