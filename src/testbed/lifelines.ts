// SPDX-License-Identifier: GPL-3.0-or-later
import { dirname } from 'node:path';
import { messageOf } from '../core/errors.ts';
import { logAside } from '../core/step.ts';
import { Lifeline, type Engine, type LifelineSpec } from '../docker/index.ts';
import type { SharedFolders } from '../qemu/index.ts';

/** How long a used lifeline may take to show that it is as new, in `ms`. */
const checkTimeoutMs = 10_000;

/**
 * The lifelines of a worker, used by one testbed after the other: that spares each the start of a container. Whatever a
 * testbed leaves in one is either gone or has it thrown away; no two testbeds ever have one at the same time.
 */
export class LifelinePool implements AsyncDisposable {
  readonly #run: string;
  #idle: { readonly key: string; readonly lifeline: Lifeline } | undefined;
  #isClosed = false;

  /** @param run - absolute path of the folder below which all testbeds have theirs */
  constructor(run: string) {
    this.#run = run;
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
   * One that nobody has: the idle one, if it is as wanted, or a new one.
   * @throws ContainerError when the daemon refuses
   */
  async take(engine: Engine, spec: LifelineSpec, signal?: AbortSignal): Promise<Lifeline> {
    const key = JSON.stringify(spec);
    const idle = this.#idle;
    if (idle?.key === key) {
      this.#idle = undefined;
      if (!idle.lifeline.container.exitStatus) return idle.lifeline;
      await idle.lifeline[Symbol.asyncDispose]();
    }
    return Lifeline.create(engine, spec, signal);
  }

  /** Takes one back when all that hung on it is gone; ends it when it is not as new, or is one too many. */
  async giveBack(lifeline: Lifeline, spec: LifelineSpec): Promise<void> {
    const isAsNew = await lifeline.isAsNew({ timeoutMs: checkTimeoutMs }).catch((error: unknown) => {
      logAside('alpy.docker', `the lifeline is not used again: ${messageOf(error)}`);
      return false;
    });
    const old = this.#idle;
    if (!isAsNew || this.#isClosed) return lifeline[Symbol.asyncDispose]();
    this.#idle = { key: JSON.stringify(spec), lifeline };
    await old?.lifeline[Symbol.asyncDispose]();
  }

  /** Ends the idle one; those that are given back later end, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const idle = this.#idle;
    this.#idle = undefined;
    await idle?.lifeline[Symbol.asyncDispose]();
  }
}
