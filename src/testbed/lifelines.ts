// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname } from 'node:path';
import { raceWithSignal } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { markHandled } from '../core/mark-handled.ts';
import { logUnscoped } from '../core/step.ts';
import { Lifeline, type Engine, type FileAccess, type LifelineSpec } from '../docker/index.ts';
import type { SharedFolders } from '../qemu/index.ts';

/** How long a used lifeline may take to show that it is as new, in `ms`. */
const checkTimeoutMs = 10_000;

interface IdleLifeline {
  /** what it is made of */
  readonly key: string;
  /** one that is not made yet may become none */
  readonly lifeline: Promise<Lifeline>;
}

/**
 * The lifelines of a worker, used by one testbed after the other: that spares each the start of a container. Whatever a
 * testbed leaves in one is either gone or has it thrown away; no two testbeds ever have one at the same time.
 */
export class LifelinePool implements AsyncDisposable {
  readonly #run: string;
  readonly #mostIdle: number;
  /** the one given back last at the end */
  #idle: readonly IdleLifeline[] = [];
  readonly #closing = new AbortController();

  /**
   * @param run - absolute path of the folder below which all testbeds have theirs
   * @param mostIdle - how many to keep that nobody has: as many as there are testbeds at the same time
   */
  constructor(run: string, mostIdle = 1) {
    this.#run = run;
    this.#mostIdle = mostIdle;
  }

  /**
   * What a testbed with these folders has to share for others to use its lifeline later, also those that start from another
   * snapshot of the store; nothing when it lies elsewhere, or its files are copied.
   */
  foldersFor(own: SharedFolders, { kind }: FileAccess): SharedFolders | undefined {
    if (kind === 'copy' || !own.run.startsWith(`${this.#run}/`)) return undefined;
    const { snapshot } = own;
    return { ...own, run: this.#run, snapshot: snapshot?.readOnly ? { ...snapshot, path: dirname(snapshot.path) } : snapshot };
  }

  /** Begins to make one, so that it is there when it is wanted. What fails here fails again for who wants it, who then is told. */
  prepare(engine: Promise<Engine>, spec: LifelineSpec): void {
    const create = async (): Promise<Lifeline> => Lifeline.create(await engine, spec, this.#closing.signal);
    const lifeline = create();
    markHandled(lifeline);
    this.#idle = [...this.#idle, { key: JSON.stringify(spec), lifeline }];
  }

  /**
   * One that nobody has: an idle one, if it is as wanted, or a new one.
   * @throws ContainerError when the daemon refuses
   */
  async acquire(engine: Engine, spec: LifelineSpec, signal?: AbortSignal): Promise<Lifeline> {
    const key = JSON.stringify(spec);
    for (;;) {
      const found = this.#idle.findLast((idle) => idle.key === key);
      if (!found) return Lifeline.create(engine, spec, signal);
      this.#idle = this.#idle.filter((idle) => idle !== found);
      const lifeline = await this.#made(found, signal);
      if (lifeline && !lifeline.container.exitStatus) return lifeline;
      await lifeline?.[Symbol.asyncDispose]();
    }
  }

  /** Takes one back when all that hung on it is gone; ends it when it is not as new, or is one too many. */
  async release(lifeline: Lifeline, spec: LifelineSpec): Promise<void> {
    const isPristine = await lifeline.isPristine({ timeoutMs: checkTimeoutMs }).catch((error: unknown) => {
      logUnscoped('alpy.docker', `the lifeline is not used again: ${messageOf(error)}`);
      return false;
    });
    if (!isPristine || this.#closing.signal.aborted) return lifeline[Symbol.asyncDispose]();
    const idle = { key: JSON.stringify(spec), lifeline: Promise.resolve(lifeline) };
    await this.#keep([...this.#idle, idle].slice(-this.#mostIdle));
  }

  /** Ends the idle ones; those that are given back later end, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#keep([]);
  }

  /**
   * It, or nothing when it could not be made.
   * @throws the signal's reason
   */
  async #made(idle: IdleLifeline, signal?: AbortSignal): Promise<Lifeline | undefined> {
    try {
      return await raceWithSignal(idle.lifeline, signal);
    } catch (error) {
      if (!signal?.aborted) return undefined;
      this.#idle = [...this.#idle, idle]; // for the next, or to be ended
      throw error;
    }
  }

  async #keep(kept: readonly IdleLifeline[]): Promise<void> {
    const ended = this.#idle.filter((idle) => !kept.includes(idle));
    this.#idle = kept;
    await Promise.all(ended.map(async (idle) => (await this.#made(idle))?.[Symbol.asyncDispose]()));
  }
}
