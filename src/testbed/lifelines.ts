// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname } from 'node:path';
import { raceWithSignal } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { logUnscoped } from '../core/step.ts';
import type { Engine } from '../docker/index.ts';
import { sharedFiles, type HypervisorSpec, type MachineNeeds } from '../qemu/qemu-files.ts';
import type { InspectedDisks } from '../qemu/drives.ts';
import { LifelinePair } from './lifeline-pair.ts';
import { planLifeline, type LifelineFacts, type LifelinePlan } from './lifeline-plan.ts';

/** How long a used lifeline may take to show that nothing is left in it, in `ms`. */
const checkTimeoutMs = 10_000;

interface IdleLifeline {
  readonly key: string;
  /** rejects if it cannot be created */
  readonly pair: Promise<LifelinePair>;
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
   * Plans the lifeline for all testbeds of this pool with the same disks and memory. With one for snapshots, they can start from any snapshot
   * of a store.
   * @param snapshots - absolute path of the folder whose subfolders are the snapshots; absent for guests that boot
   * @returns `undefined` if no lifeline can be shared like this: files are copied into it, or QEMU must be able to write to the
   * files of a snapshot
   */
  plan(
    facts: LifelineFacts,
    disk: InspectedDisks,
    machine: MachineNeeds,
    snapshots: string | undefined,
  ): LifelinePlan | undefined {
    const snapshot = snapshots === undefined ? undefined : ({ use: 'restore', directory: snapshots } as const);
    const files = sharedFiles(disk, machine.extra, snapshot);
    if (facts.access.kind === 'copy' || files.snapshot?.readOnly === false) return undefined;
    return planLifeline(facts, machine, files, this.#directory);
  }

  /**
   * Plans the lifeline for one testbed: that of {@link LifelinePool.plan}, or if QEMU must be able to write to its snapshot, one
   * that others can use only with the same snapshot.
   * @param directory - absolute path of the testbed's folder
   * @returns `undefined` if it cannot be shared at all: its files are elsewhere or copied, or it makes a snapshot
   */
  planFor(facts: LifelineFacts, { disk, machine, snapshot }: HypervisorSpec, directory: string): LifelinePlan | undefined {
    const isBelow = directory.startsWith(`${this.#directory}/`);
    if (facts.access.kind === 'copy' || snapshot?.use === 'make' || !isBelow) return undefined;
    const shared = this.plan(facts, disk, machine, snapshot && dirname(snapshot.directory));
    return shared ?? planLifeline(facts, machine, sharedFiles(disk, machine.extra, snapshot), this.#directory);
  }

  /** Begins to create a lifeline before it is needed. If that fails, `acquire` tries again and reports the error. */
  prepare(engine: Promise<Engine>, plan: LifelinePlan): void {
    const pair = this.#createBoth(engine, plan);
    markHandled(pair);
    this.#idle = [...this.#idle, { key: plan.key, pair }];
  }

  /**
   * Returns an idle lifeline that fits the plan, or a new one.
   * @throws ContainerError when the daemon refuses
   */
  async acquire(engine: Engine, plan: LifelinePlan, signal?: AbortSignal): Promise<LifelinePair> {
    for (;;) {
      const found = this.#idle.findLast((idle) => idle.key === plan.key);
      if (!found) return LifelinePair.create(engine, plan, signal);
      this.#idle = this.#idle.filter((idle) => idle !== found);
      const pair = await this.#created(found, signal);
      if (pair && !pair.firstEnded && (await pair.isCurrent())) return pair;
      await pair?.[Symbol.asyncDispose]();
    }
  }

  /** Takes a lifeline back after everything that depended on it has ended. Ends it if something is left in it, or if it is one too many. */
  async release(pair: LifelinePair, { key }: LifelinePlan): Promise<void> {
    const isPristine = await pair.isPristine({ timeoutMs: checkTimeoutMs }).catch((error: unknown) => {
      logUnscoped('alpy.docker', `the lifeline is not reused: ${messageOf(error)}`);
      return false;
    });
    if (!isPristine || this.#closing.signal.aborted) return pair[Symbol.asyncDispose]();
    const idle = { key, pair: Promise.resolve(pair) };
    await this.#keep([...this.#idle, idle].slice(-this.#maxIdle));
  }

  /** Ends the idle lifelines. Those released later are ended, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#keep([]);
  }

  async #createBoth(engine: Promise<Engine>, plan: LifelinePlan): Promise<LifelinePair> {
    const pair = await LifelinePair.create(await engine, plan, this.#closing.signal);
    try {
      await pair.qemu;
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Returns `undefined` if it could not be created.
   * @throws the signal's reason
   */
  async #created(idle: IdleLifeline, signal?: AbortSignal): Promise<LifelinePair | undefined> {
    try {
      return await raceWithSignal(idle.pair, signal);
    } catch (error) {
      if (!signal?.aborted) return undefined;
      this.#idle = [...this.#idle, idle]; // the next test uses it, or the pool ends it
      throw error;
    }
  }

  async #keep(kept: readonly IdleLifeline[]): Promise<void> {
    const ended = this.#idle.filter((idle) => !kept.includes(idle));
    this.#idle = kept;
    await Promise.all(ended.map(async (idle) => (await this.#created(idle))?.[Symbol.asyncDispose]()));
  }
}
