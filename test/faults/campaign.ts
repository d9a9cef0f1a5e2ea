// SPDX-License-Identifier: GPL-3.0-or-later
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Docker from 'dockerode';
import { Bystander } from './bystander.ts';
import { DaemonLoan } from './daemon-loan.ts';
import type { FaultKind } from './kinds/kind.ts';
import type { FaultCase } from './plan.ts';
import { runCase, type Outcome } from './run-case.ts';
import type { CampaignPlace } from './stage.ts';

/** What to run. */
export interface CampaignOptions {
  readonly cases: readonly FaultCase[];
  readonly kinds: readonly FaultKind[];
  /** how many cases run at the same time */
  readonly jobs: number;
  /** called after each case */
  readonly onOutcome: (outcome: Outcome) => void;
  /** ends the campaign after the current cases */
  readonly signal: AbortSignal;
}

/** Runs cases beside a testbed that none of them may disturb. */
export async function runCampaign({ cases, kinds, jobs, onOutcome, signal }: CampaignOptions): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'alpy-faults-'));
  try {
    await using bystander = await prepare(directory);
    const docker = new Docker();
    await using daemon = new DaemonLoan(join(directory, 'd'), docker);
    const place: CampaignPlace = { docker, bystander, daemon, env: envIn(directory), store: join(directory, 'store') };
    const queue = cases.values();
    const work = async (): Promise<void> => {
      for (const one of queue) {
        if (signal.aborted) return;
        onOutcome(
          await runCase(
            place,
            kinds.find(({ name }) => name === one.kind)!,
            one,
          ),
        );
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
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
