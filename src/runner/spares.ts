// SPDX-License-Identifier: GPL-3.0-or-later
import { AsyncLocalStorage } from 'node:async_hooks';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { raceWithSignal, whenAborted } from '../core/deadline.ts';
import { messageOf } from '../core/errors.ts';
import { currentSink, logUnscoped, withSink, type StepSink } from '../core/step.ts';
import type { CreatedTestbed } from '../testbed/index.ts';
import { acquireSpare, type Lease, type SpareLease } from './scheduler/lease.ts';
import { readLoad } from './scheduler/load.ts';
import type { TestbedDemand } from './scheduler/scheduler.ts';

/** How to make the testbed of the next test. */
export interface SparePlan {
  /** absolute path of the test's folder, which exists */
  readonly directory: string;
  /** names of the files that its creation makes there */
  readonly files: readonly string[];
  /** equal for testbeds that serve the same tests */
  readonly key: string;
  readonly memoryMiB: number;
  /** whether to begin only when a core is idle */
  readonly waitsForCore: boolean;
  readonly create: (signal: AbortSignal) => Promise<CreatedTestbed>;
}

/** A spare testbed that a test uses from now on. */
export interface TakenSpare {
  readonly lease: Lease;
  readonly testbed: CreatedTestbed;
}

/** A spare testbed that no test uses yet. */
interface MadeSpare {
  readonly lease: SpareLease;
  readonly testbed: CreatedTestbed;
}

interface Spare {
  readonly plan: SparePlan;
  readonly stop: AbortController;
  /** its test has begun, which must not wait for an idle core */
  readonly wanted: AbortController;
  readonly steps: RelaySink;
  /** `undefined` if it was not made; never rejects */
  readonly made: Promise<MadeSpare | undefined>;
  /** set when it begins to be discarded; never rejects */
  discarded?: Promise<void>;
}

/** How often to look for an idle core, in `ms`. */
const pollMs = 100;

// What happens in a spare testbed belongs to no test yet
const outsideOfTests = AsyncLocalStorage.snapshot();

/**
 * The testbed of the next test, which a worker creates and restores while a test runs and a core is idle. Its virtual CPU is halted, so
 * the next test has it at once. If the next test wants another one, or the memory is needed, it is discarded.
 */
export class Spares implements AsyncDisposable {
  readonly #scheduler: string;
  readonly #hasIdleCore: () => Promise<boolean>;
  #spare: Spare | undefined;

  /**
   * @param scheduler - socket of the run's scheduler
   * @param hasIdleCore - whether this machine has an idle core now
   */
  constructor(scheduler: string, hasIdleCore = isCoreIdle) {
    this.#scheduler = scheduler;
    this.#hasIdleCore = hasIdleCore;
  }

  /** Begins to make the testbed of the next test. If that fails, the test makes its own, and reports the error. */
  prepare(plan: SparePlan): void {
    if (this.has(plan.directory)) return;
    const before = this.#spare;
    const [stop, wanted] = [new AbortController(), new AbortController()];
    const steps = new RelaySink();
    const made = outsideOfTests(() => withSink(steps.sink, () => this.#make(plan, stop.signal, wanted.signal, before)));
    this.#spare = { plan, stop, wanted, steps, made };
  }

  /** Whether a testbed was made, or is being made, for the test with this folder. */
  has(directory: string): boolean {
    return this.#spare?.plan.directory === directory;
  }

  /**
   * Takes the testbed that was made for a test.
   * @returns `undefined` if no spare testbed serves it
   * @throws EnvironmentError when the machine can never meet the demand, or the run has ended
   * @throws the signal's reason
   */
  async take(
    { directory, key }: Pick<SparePlan, 'directory' | 'key'>,
    demand: TestbedDemand,
    signal: AbortSignal,
  ): Promise<TakenSpare | undefined> {
    const spare = this.#spare;
    if (spare?.plan.directory !== directory) return undefined;
    if (spare.plan.key === key) {
      spare.steps.attach(currentSink());
      spare.wanted.abort();
      const made = await raceWithSignal(spare.made, signal);
      const lease = await made?.lease.use(demand, signal);
      if (made && lease) {
        this.#spare = undefined;
        return { lease, testbed: made.testbed };
      }
    }
    this.#spare = undefined;
    await discard(spare);
    return undefined;
  }

  /** Discards the spare testbed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare) await discard(spare);
  }

  async #make(plan: SparePlan, signal: AbortSignal, wanted: AbortSignal, before?: Spare): Promise<MadeSpare | undefined> {
    if (before) await discard(before);
    if (plan.waitsForCore) await waitForIdleCore(this.#hasIdleCore, AbortSignal.any([signal, wanted]));
    if (wanted.aborted) return undefined; // the test makes its own
    const made = await make(this.#scheduler, plan, signal);
    if (!made) return undefined;
    whenAborted(made.lease.revoked, () => {
      const spare = this.#spare; // stays there, so that the test waits until its folder is free
      if (spare?.plan === plan) void discard(spare);
    });
    return made;
  }
}

async function make(scheduler: string, plan: SparePlan, signal: AbortSignal): Promise<MadeSpare | undefined> {
  let lease: SpareLease | undefined;
  try {
    signal.throwIfAborted();
    lease = await acquireSpare(scheduler, plan.memoryMiB, signal);
    if (!lease) return undefined;
    const testbed = await plan.create(AbortSignal.any([signal, lease.revoked]));
    return { lease, testbed };
  } catch (error) {
    lease?.[Symbol.dispose]();
    if (!signal.aborted) logUnscoped('alpy.runner', `no spare testbed: ${messageOf(error)}`);
    return undefined;
  }
}

/** Waits until this machine has an idle core, or until the signal fires. */
async function waitForIdleCore(hasIdleCore: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await hasIdleCore())) await sleep(pollMs, undefined, { signal, ref: false }).catch(() => undefined); // the signal has fired
}

/** Whether fewer programs want to run than this machine has cores. */
async function isCoreIdle(): Promise<boolean> {
  const { runnable = 0 } = await readLoad(); // with this program
  return runnable <= availableParallelism();
}

/** Discards a spare testbed once, however often it is called. Never throws, because no test has used it. */
function discard(spare: Spare): Promise<void> {
  return (spare.discarded ??= close(spare));
}

async function close({ plan, stop, made }: Spare): Promise<void> {
  stop.abort();
  const spare = await made;
  using _lease = spare?.lease;
  try {
    await spare?.testbed.close();
    // only these: the test may have begun, so its log is there, too
    for (const file of plan.files) await rm(join(plan.directory, file), { force: true });
  } catch (error) {
    logUnscoped('alpy.runner', `a spare testbed was not discarded properly: ${messageOf(error)}`);
  }
}

/** Passes steps on to the test that uses the testbed, as soon as it is known. */
class RelaySink {
  #to: StepSink | undefined;
  readonly sink: StepSink = (event) => this.#to?.(event);

  attach(to: StepSink): void {
    this.#to = to;
  }
}
