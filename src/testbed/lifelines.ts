// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname } from 'node:path';
import { raceWithSignal } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { logUnscoped } from '../core/step.ts';
import { Lifeline, type Engine } from '../docker/index.ts';
import { sharedFolders, type HypervisorSpec } from '../qemu/qemu-files.ts';
import type { DiskImage } from '../qemu/disk-image.ts';
import { planLifeline, type LifelineFacts, type LifelinePlan } from './lifeline-plan.ts';

/** How long a used lifeline may take to show that nothing is left in it, in `ms`. */
const checkTimeoutMs = 10_000;

interface IdleLifeline {
  readonly key: string;
  /** rejects if it cannot be created */
  readonly lifeline: Promise<Lifeline>;
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
   * Plans the lifeline for all testbeds of this pool with the same disk folder. With one for snapshots, they can start from any
   * snapshot of a store.
   * @param snapshots - absolute path of the folder whose subfolders are the snapshots; absent for guests that boot
   * @returns `undefined` if no lifeline can be shared like this: files are copied into it, or QEMU must be able to write to the
   * files of a snapshot
   */
  plan(facts: LifelineFacts, disk: DiskImage, snapshots: string | undefined): LifelinePlan | undefined {
    const snapshot = snapshots === undefined ? undefined : ({ use: 'restore', directory: snapshots } as const);
    const folders = sharedFolders({ disk, directory: this.#directory, snapshot });
    if (facts.access.kind === 'copy' || folders.snapshot?.readOnly === false) return undefined;
    return planLifeline(facts, folders);
  }

  /**
   * Plans the lifeline for one testbed: that of {@link LifelinePool.plan}, or if QEMU must be able to write to its snapshot, one
   * that others can use only with the same snapshot.
   * @returns `undefined` if it cannot be shared at all: its files are elsewhere or copied, or it makes a snapshot
   */
  planFor(facts: LifelineFacts, { disk, directory, snapshot }: Omit<HypervisorSpec, 'machine'>): LifelinePlan | undefined {
    const isBelow = directory.startsWith(`${this.#directory}/`);
    if (facts.access.kind === 'copy' || snapshot?.use === 'make' || !isBelow) return undefined;
    const shared = this.plan(facts, disk, snapshot && dirname(snapshot.directory));
    return shared ?? planLifeline(facts, sharedFolders({ disk, directory: this.#directory, snapshot }));
  }

  /** Begins to create a lifeline before it is needed. If that fails, `acquire` tries again and reports the error. */
  prepare(engine: Promise<Engine>, { spec, key }: LifelinePlan): void {
    const create = async (): Promise<Lifeline> => Lifeline.create(await engine, spec, this.#closing.signal);
    const lifeline = create();
    markHandled(lifeline);
    this.#idle = [...this.#idle, { key, lifeline }];
  }

  /**
   * Returns an idle lifeline that fits the plan, or a new one.
   * @throws ContainerError when the daemon refuses
   */
  async acquire(engine: Engine, { spec, key }: LifelinePlan, signal?: AbortSignal): Promise<Lifeline> {
    for (;;) {
      const found = this.#idle.findLast((idle) => idle.key === key);
      if (!found) return Lifeline.create(engine, spec, signal);
      this.#idle = this.#idle.filter((idle) => idle !== found);
      const lifeline = await this.#created(found, signal);
      if (lifeline && !lifeline.container.exitStatus) return lifeline;
      await lifeline?.[Symbol.asyncDispose]();
    }
  }

  /** Takes a lifeline back after everything that depended on it has ended. Ends it if something is left in it, or if it is one too many. */
  async release(lifeline: Lifeline, { key }: LifelinePlan): Promise<void> {
    const isPristine = await lifeline.isPristine({ timeoutMs: checkTimeoutMs }).catch((error: unknown) => {
      logUnscoped('alpy.docker', `the lifeline is not reused: ${messageOf(error)}`);
      return false;
    });
    if (!isPristine || this.#closing.signal.aborted) return lifeline[Symbol.asyncDispose]();
    const idle = { key, lifeline: Promise.resolve(lifeline) };
    await this.#keep([...this.#idle, idle].slice(-this.#maxIdle));
  }

  /** Ends the idle lifelines. Those released later are ended, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#keep([]);
  }

  /**
   * Returns `undefined` if it could not be created.
   * @throws the signal's reason
   */
  async #created(idle: IdleLifeline, signal?: AbortSignal): Promise<Lifeline | undefined> {
    try {
      return await raceWithSignal(idle.lifeline, signal);
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
