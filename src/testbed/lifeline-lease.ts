// SPDX-License-Identifier: GPL-3.0-or-later
import type { Engine } from '../docker/index.ts';
import type { HostFacts } from './host.ts';
import { LifelineGroup } from './lifeline-group.ts';
import { planLifeline, type LifelinePlan } from './lifeline-plan.ts';
import { plannedMachine, type LifelinePool, type NamedHypervisor } from './lifelines.ts';

/** A lifeline with the containers of QEMU that one testbed uses. */
export interface LifelineLease {
  readonly group: LifelineGroup;
  /** what they were made from, with the files that each QEMU sees */
  readonly plan: LifelinePlan;
  /** whether other testbeds may use them after this one */
  readonly isReusable: boolean;
  /** Ends all, or gives them back to their pool if they are reusable and `isClean`. */
  readonly release: (isClean: boolean) => Promise<void>;
}

/** The containers to acquire. */
export interface LeaseRequest {
  /** one for each device, in order */
  readonly machines: readonly NamedHypervisor[];
  /** whether there are links between nodes, which need a further container */
  readonly hasJunction: boolean;
  /** absolute path of the testbed's folder */
  readonly directory: string;
}

/**
 * Acquires a lifeline and the containers of QEMU: from the pool if the testbed's files can be reached through pooled ones, else new
 * ones.
 * @throws ContainerError when the daemon refuses
 */
export async function acquireLifeline(
  engine: Engine,
  facts: HostFacts,
  pool: LifelinePool | undefined,
  { machines, hasJunction, directory }: LeaseRequest,
  signal?: AbortSignal,
): Promise<LifelineLease> {
  const pooled = pool?.planFor(facts, machines, directory, hasJunction);
  if (!pool || !pooled) {
    const plan = planLifeline(facts, machines.map(plannedMachine), directory, hasJunction);
    const group = await LifelineGroup.create(engine, plan, signal);
    return { group, plan, isReusable: false, release: () => group[Symbol.asyncDispose]() };
  }
  const group = await pool.acquire(engine, pooled, signal);
  const release = (isClean: boolean): Promise<void> => (isClean ? pool.release(group, pooled) : group[Symbol.asyncDispose]());
  return { group, plan: pooled, isReusable: true, release };
}
