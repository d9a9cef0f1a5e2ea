// SPDX-License-Identifier: GPL-3.0-or-later
import type { Engine } from '../docker/index.ts';
import { sharedFiles, type HypervisorSpec, type SharedFiles } from '../qemu/index.ts';
import type { HostFacts } from './host.ts';
import { LifelinePair } from './lifeline-pair.ts';
import { planLifeline } from './lifeline-plan.ts';
import type { LifelinePool } from './lifelines.ts';

/** A lifeline with QEMU's container that one testbed uses. */
export interface LifelineLease {
  readonly pair: LifelinePair;
  /** the files that QEMU sees */
  readonly files: SharedFiles;
  /** whether other testbeds may use them after this one */
  readonly isReusable: boolean;
  /** Ends both, or gives them back to their pool if they are reusable and `isClean`. */
  readonly release: (isClean: boolean) => Promise<void>;
}

/**
 * Acquires a lifeline and QEMU's container: from the pool if the testbed's files can be reached through pooled ones, else new ones.
 * @param directory - absolute path of the testbed's folder
 * @throws ContainerError when the daemon refuses
 */
export async function acquireLifeline(
  engine: Engine,
  facts: HostFacts,
  pool: LifelinePool | undefined,
  hypervisor: HypervisorSpec,
  directory: string,
  signal?: AbortSignal,
): Promise<LifelineLease> {
  const pooled = pool?.planFor(facts, hypervisor, directory);
  if (!pool || !pooled) {
    const { disk, machine, snapshot } = hypervisor;
    const plan = planLifeline(facts, machine, sharedFiles(disk, machine.extra, snapshot), directory);
    const pair = await LifelinePair.create(engine, plan, signal);
    return { pair, files: plan.files, isReusable: false, release: () => pair[Symbol.asyncDispose]() };
  }
  const pair = await pool.acquire(engine, pooled, signal);
  const release = (isClean: boolean): Promise<void> => (isClean ? pool.release(pair, pooled) : pair[Symbol.asyncDispose]());
  return { pair, files: pooled.files, isReusable: true, release };
}
