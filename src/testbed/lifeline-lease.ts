// SPDX-License-Identifier: GPL-3.0-or-later
import { Lifeline, type Engine } from '../docker/index.ts';
import { sharedFolders, type HypervisorSpec, type SharedFolders } from '../qemu/index.ts';
import type { HostFacts } from './host.ts';
import { planLifeline } from './lifeline-plan.ts';
import type { LifelinePool } from './lifelines.ts';

/** A lifeline that one testbed uses. */
export interface LifelineLease {
  readonly lifeline: Lifeline;
  /** the folders that containers see through it */
  readonly folders: SharedFolders;
  /** whether other testbeds may use the lifeline after this one */
  readonly isReusable: boolean;
  /** Ends the lifeline, or gives it back to its pool if it is reusable and `isClean`. */
  readonly release: (isClean: boolean) => Promise<void>;
}

/**
 * Acquires a lifeline: from the pool if the testbed's files can be reached through a pooled one, else a new one.
 * @throws ContainerError when the daemon refuses
 */
export async function acquireLifeline(
  engine: Engine,
  facts: HostFacts,
  pool: LifelinePool | undefined,
  hypervisor: HypervisorSpec,
  signal?: AbortSignal,
): Promise<LifelineLease> {
  const pooled = pool?.planFor(facts, hypervisor);
  if (!pool || !pooled) {
    const { spec, folders } = planLifeline(facts, sharedFolders(hypervisor));
    const lifeline = await Lifeline.create(engine, spec, signal);
    return { lifeline, folders, isReusable: false, release: () => lifeline[Symbol.asyncDispose]() };
  }
  const lifeline = await pool.acquire(engine, pooled, signal);
  const release = (isClean: boolean): Promise<void> =>
    isClean ? pool.release(lifeline, pooled) : lifeline[Symbol.asyncDispose]();
  return { lifeline, folders: pooled.folders, isReusable: true, release };
}
