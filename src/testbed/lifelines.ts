// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname } from 'node:path';
import { raceWithSignal } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { logUnscoped } from '../core/step.ts';
import type { Engine } from '../docker/index.ts';
import { sharedFiles, type HypervisorSpec, type MachineNeeds } from '../qemu/qemu-files.ts';
import type { InspectedDisks } from '../qemu/drives.ts';
import { LifelineGroup } from './lifeline-group.ts';
import { planLifeline, type LifelineFacts, type LifelinePlan, type PlannedMachine } from './lifeline-plan.ts';

/** How long a used lifeline may take to show that nothing is left in it, in `ms`. */
const checkTimeoutMs = 10_000;

/** A machine whose container testbeds may share. */
export interface PooledMachine {
  /** of the device; absent for the only one */
  readonly name?: string | undefined;
  readonly disk: InspectedDisks;
  readonly machine: MachineNeeds;
  /** absolute path of the folder whose subfolders are the snapshots; absent for a guest that boots */
  readonly snapshots: string | undefined;
}

/** A machine of a testbed. */
export interface NamedHypervisor {
  /** of the device; absent for the only one */
  readonly name?: string | undefined;
  readonly spec: HypervisorSpec;
}

/** A machine as {@link planLifeline} needs it. Pure. */
export function plannedMachine({ name, spec: { disk, machine, snapshot } }: NamedHypervisor): PlannedMachine {
  return { name, machine, files: sharedFiles(disk, machine.extra, snapshot) };
}

function sharedMachine({ name, disk, machine, snapshots }: PooledMachine): PlannedMachine {
  const snapshot = snapshots === undefined ? undefined : ({ use: 'restore', directory: snapshots } as const);
  return { name, machine, files: sharedFiles(disk, machine.extra, snapshot) };
}

interface IdleLifeline {
  readonly key: string;
  /** rejects if it cannot be created */
  readonly group: Promise<LifelineGroup>;
}

/**
 * The lifelines of a worker. One testbed after the other uses a lifeline, which saves each the start of a container. A lifeline
 * is reused only if the testbed left nothing behind in it, and never serves two testbeds at once.
 */
export class LifelinePool implements AsyncDisposable {
  readonly #directory: string;
  readonly #maxIdle: number;
  /** the last one was released last */
  #idle: readonly IdleLifeline[] = [];
  readonly #closing = new AbortController();

  /**
   * @param directory - absolute path of the folder below which the testbeds put their files
   * @param maxIdle - how many idle lifelines to keep: as many as there are testbeds at the same time
   */
  constructor(directory: string, maxIdle = 1) {
    this.#directory = directory;
    this.#maxIdle = maxIdle;
  }

  /**
   * Plans the lifeline for all testbeds of this pool with the same disks and memory. With a folder of snapshots, they can start from any
   * snapshot of a store.
   * @param machines - one for each device, in order
   * @param hasJunction - whether there are links between nodes
   * @returns `undefined` if no lifeline can be shared like this: files are copied into it, or QEMU must be able to write to the
   * files of a snapshot
   */
  plan(facts: LifelineFacts, machines: readonly PooledMachine[], hasJunction: boolean): LifelinePlan | undefined {
    const planned = machines.map(sharedMachine);
    const isWritten = planned.some(({ files }) => files.snapshot?.readOnly === false);
    if (facts.access.kind === 'copy' || isWritten) return undefined;
    return planLifeline(facts, planned, this.#directory, hasJunction);
  }

  /**
   * Plans the lifeline for one testbed: that of {@link LifelinePool.plan}, or if QEMU must be able to write to its snapshot, one
   * that others can use only with the same snapshot.
   * @param directory - absolute path of the testbed's folder
   * @param hasJunction - whether there are links between nodes
   * @returns `undefined` if it cannot be shared at all: its files are elsewhere or copied, or it makes a snapshot
   */
  planFor(
    facts: LifelineFacts,
    machines: readonly NamedHypervisor[],
    directory: string,
    hasJunction: boolean,
  ): LifelinePlan | undefined {
    const isBelow = directory.startsWith(`${this.#directory}/`);
    const isMade = machines.some(({ spec }) => spec.snapshot?.use === 'make');
    if (facts.access.kind === 'copy' || isMade || !isBelow) return undefined;
    const pooled = machines.map(({ name, spec: { disk, machine, snapshot } }) => ({
      name,
      disk,
      machine,
      snapshots: snapshot && dirname(snapshot.directory),
    }));
    const own = machines.map(plannedMachine);
    return this.plan(facts, pooled, hasJunction) ?? planLifeline(facts, own, this.#directory, hasJunction);
  }

  /** Begins to create a lifeline before it is needed. If that fails, `acquire` tries again and reports the error. */
  prepare(engine: Promise<Engine>, plan: LifelinePlan): void {
    const group = this.#createBoth(engine, plan);
    markHandled(group);
    this.#idle = [...this.#idle, { key: plan.key, group }];
  }

  /**
   * Returns an idle lifeline that fits the plan, or a new one.
   * @throws ContainerError when the daemon refuses
   */
  async acquire(engine: Engine, plan: LifelinePlan, signal?: AbortSignal): Promise<LifelineGroup> {
    for (;;) {
      const found = this.#idle.findLast((idle) => idle.key === plan.key);
      if (!found) return LifelineGroup.create(engine, plan, signal);
      this.#idle = this.#idle.filter((idle) => idle !== found);
      const group = await this.#created(found, signal);
      if (group && !group.firstEnded && (await group.isCurrent())) return group;
      await group?.[Symbol.asyncDispose]();
    }
  }

  /** Takes a lifeline back after everything that depended on it has ended. Ends it if something is left in it, or if it is one too many. */
  async release(group: LifelineGroup, { key }: LifelinePlan): Promise<void> {
    const isPristine = await group.isPristine({ timeoutMs: checkTimeoutMs }).catch((error: unknown) => {
      logUnscoped('alpy.docker', `the lifeline is not reused: ${messageOf(error)}`);
      return false;
    });
    if (!isPristine || this.#closing.signal.aborted) return group[Symbol.asyncDispose]();
    const idle = { key, group: Promise.resolve(group) };
    await this.#keep([...this.#idle, idle].slice(-this.#maxIdle));
  }

  /** Ends the idle lifelines. Those released later are ended, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#keep([]);
  }

  async #createBoth(engine: Promise<Engine>, plan: LifelinePlan): Promise<LifelineGroup> {
    const group = await LifelineGroup.create(await engine, plan, this.#closing.signal);
    try {
      await group.created();
      return group;
    } catch (error) {
      await group[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Returns `undefined` if it could not be created.
   * @throws the signal's reason
   */
  async #created(idle: IdleLifeline, signal?: AbortSignal): Promise<LifelineGroup | undefined> {
    try {
      return await raceWithSignal(idle.group, signal);
    } catch {
      if (!signal?.aborted) return undefined;
      this.#idle = [...this.#idle, idle]; // the next test uses it, or the pool ends it
      throw signal.reason;
    }
  }

  async #keep(kept: readonly IdleLifeline[]): Promise<void> {
    const ended = this.#idle.filter((idle) => !kept.includes(idle));
    this.#idle = kept;
    await Promise.all(ended.map(async (idle) => (await this.#created(idle))?.[Symbol.asyncDispose]()));
  }
}
