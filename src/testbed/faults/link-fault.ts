// SPDX-License-Identifier: GPL-3.0-or-later
import { randomInt } from 'node:crypto';
import { step } from '../../core/step.ts';
import { NicFilter, type FrameCounts } from '../../qemu/index.ts';
import { chooseDirections, type Crossing } from './directions.ts';
import { assertPossible, check, impairmentText, maxSeed, queuesOf, type ImpairOptions } from './impair-options.ts';
import { TimedFault } from './timed-fault.ts';

/** How long it may take to start an impairment, in `ms`. */
const startTimeoutMs = 30_000;

/** An impairment of a link, until it ends: by itself, by `await using`, by {@link LinkFault.end}, or at the latest with the testbed. */
export class LinkFault implements AsyncDisposable {
  /** what repeats its random choices: `link.impair({ …, seed })` */
  readonly seed: number;
  /** name of the link */
  readonly link: string;
  readonly #directions: readonly string[];
  readonly #filter: NicFilter;
  readonly #timed: TimedFault;

  private constructor(link: string, seed: number, directions: readonly string[], filter: NicFilter, timed: TimedFault) {
    this.link = link;
    this.seed = seed;
    this.#directions = directions;
    this.#filter = filter;
    this.#timed = timed;
  }

  /** Starts an impairment; see `Link.impair`. @internal */
  static async start(link: string, crossings: readonly Crossing[], options: ImpairOptions): Promise<LinkFault> {
    assertPossible(options);
    const callMs = performance.now();
    const { direction = 'both', seed = randomInt(maxSeed), signal, afterMs } = options;
    const { crossing, directions } = chooseDirections(crossings, direction);
    const names = directions.map(({ name }) => name);
    const filter = await step('alpy.qemu', `Impair ${link}: ${impairmentText(options, names, seed)}`, () => {
      const queues = queuesOf(directions, options, seed);
      const wait = { timeoutMs: startTimeoutMs, signal };
      return NicFilter.insert(crossing.machine, crossing.netdev, queues, wait, afterMs === undefined);
    });
    const timed = await TimedFault.start(options, callMs, {
      begin: async () => {
        if (afterMs !== undefined) await step('alpy.qemu', `Begin the impairment of ${link}`, () => filter.switchOn());
      },
      end: async () => {
        if (!filter.isGone) await step('alpy.qemu', `End the impairment of ${link}`, () => filter.remove());
      },
    });
    return new LinkFault(link, seed, names, filter, timed);
  }

  /**
   * Resolves when the fault has ended: by itself, because it was ended, or with its testbed. With `durationMs`, `await fault.ended` waits for
   * that time. Rejects if the fault could not begin or end.
   */
  get ended(): Promise<void> {
    return this.#timed.ended;
  }

  /** Cancels what is scheduled, because the testbed ends. @internal */
  cancel(): void {
    this.#timed.cancel();
  }

  /** whether it has neither been ended nor broken @internal */
  get isActive(): boolean {
    return !this.#filter.isGone && this.failure === undefined;
  }

  /** Why it no longer impairs the link, if it has failed. @internal */
  get failure(): Error | undefined {
    return this.#filter.failure ?? this.#timed.failure;
  }

  /**
   * What happened to the frames of each direction so far; also after the end of the fault.
   * @returns counters by direction: `counts['dut->node0'].lost`
   * @throws EnvironmentError if the program that delays and drops the frames has ended
   */
  async counts(): Promise<Readonly<Record<string, FrameCounts>>> {
    check.counts(arguments);
    const counts = await this.#filter.counts();
    return Object.fromEntries(this.#directions.map((name, index) => [name, counts[index]])) as Record<string, FrameCounts>;
  }

  /**
   * Ends it. Frames that are still delayed are delivered. One that has not begun never begins. A second call does
   * nothing.
   * @throws EnvironmentError if the program that delays and drops the frames has ended before
   */
  async end(): Promise<void> {
    check.end(arguments);
    await this.#timed.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
