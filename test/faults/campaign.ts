// SPDX-License-Identifier: GPL-3.0-or-later
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Docker from 'dockerode';
import { Bystander } from './bystander.ts';
import type { FaultKind } from './kinds/kind.ts';
import type { FaultCase } from './plan.ts';
import { runCase, type CampaignPlace, type Outcome } from './run-case.ts';

/** Runs cases one after the other. @param onOutcome - called after each */
export async function runCampaign(
  cases: readonly FaultCase[],
  kinds: readonly FaultKind[],
  onOutcome: (outcome: Outcome) => void,
  signal: AbortSignal,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-faults-'));
  try {
    await using bystander = await prepare(directory);
    const place: CampaignPlace = { docker: new Docker(), bystander, env: envIn(directory), store: join(directory, 'store') };
    for (const one of cases) {
      if (signal.aborted) return;
      onOutcome(
        await runCase(
          place,
          kinds.find(({ name }) => name === one.kind)!,
          one,
        ),
      );
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Creates the bystander, and with it the snapshot from which the runs start. */
async function prepare(directory: string): Promise<Bystander> {
  const cache = join(directory, 'cache', 'alpy');
  await mkdir(cache, { recursive: true });
  // whether KVM works takes seconds to find out
  await copyFile(resolve(import.meta.dirname, '../../.cache/kvm.json'), join(cache, 'kvm.json')).catch(() => undefined);
  return await Bystander.open({ ...envIn(directory), ALPY_SNAPSHOTS_DIRECTORY: join(directory, 'store') });
}

function envIn(directory: string): Readonly<Record<string, string>> {
  return { XDG_CACHE_HOME: join(directory, 'cache') };
}
