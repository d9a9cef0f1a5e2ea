// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { logAside } from '../core/step.ts';
import { Lifeline, type Engine, type LifelineSpec } from '../docker/index.ts';
import type { SharedFolders } from '../qemu/index.ts';

/** How long a used lifeline may take to show that it is as new, in `ms`. */
const checkTimeoutMs = 10_000;

interface IdleLifeline {
  /** what it is made of */
  readonly key: string;
  readonly lifeline: Lifeline;
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
  #isClosed = false;

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
   * snapshot of the store; nothing when it lies elsewhere.
   */
  foldersFor(own: SharedFolders): SharedFolders | undefined {
    if (!own.run.startsWith(`${this.#run}/`)) return undefined;
    const { snapshot } = own;
    return { ...own, run: this.#run, snapshot: snapshot?.readOnly ? { ...snapshot, path: dirname(snapshot.path) } : snapshot };
  }

  /**
   * One that nobody has: an idle one, if it is as wanted, or a new one.
   * @throws ContainerError when the daemon refuses
   */
  async take(engine: Engine, spec: LifelineSpec, signal?: AbortSignal): Promise<Lifeline> {
    const key = JSON.stringify(spec);
    for (;;) {
      const found = this.#idle.findLast((idle) => idle.key === key);
      if (!found) return Lifeline.create(engine, spec, signal);
      this.#idle = this.#idle.filter((idle) => idle !== found);
      if (!found.lifeline.container.exitStatus) return found.lifeline;
      await found.lifeline[Symbol.asyncDispose]();
    }
  }

  /** Takes one back when all that hung on it is gone; ends it when it is not as new, or is one too many. */
  async giveBack(lifeline: Lifeline, spec: LifelineSpec): Promise<void> {
    const isAsNew = await lifeline.isAsNew({ timeoutMs: checkTimeoutMs }).catch((error: unknown) => {
      logAside('alpy.docker', `the lifeline is not used again: ${messageOf(error)}`);
      return false;
    });
    if (!isAsNew || this.#isClosed) return lifeline[Symbol.asyncDispose]();
    await this.#keep([...this.#idle, { key: JSON.stringify(spec), lifeline }].slice(-this.#mostIdle));
  }

  /** Ends the idle ones; those that are given back later end, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#keep([]);
  }

  async #keep(kept: readonly IdleLifeline[]): Promise<void> {
    const ended = this.#idle.filter((idle) => !kept.includes(idle));
    this.#idle = kept;
    await Promise.all(ended.map(({ lifeline }) => lifeline[Symbol.asyncDispose]()));
  }
}
