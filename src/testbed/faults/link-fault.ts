// SPDX-License-Identifier: GPL-3.0-or-later
import { randomInt } from 'node:crypto';
import { step } from '../../core/step.ts';
import { NicFilter, type FrameCounts } from '../../qemu/index.ts';
import { chooseDirections, type Crossing } from './directions.ts';
import { assertPossible, check, impairmentText, maxSeed, queuesOf, type ImpairOptions } from './impair-options.ts';

/** How long it may take to start an impairment, in `ms`. */
const startTimeoutMs = 30_000;

/** An impairment of a link, until it is ended: by `await using`, by {@link LinkFault.end}, or at the latest with the testbed. */
export class LinkFault implements AsyncDisposable {
  /** what repeats its random choices: `link.impair({ …, seed })` */
  readonly seed: number;
  /** name of the link */
  readonly link: string;
  readonly #directions: readonly string[];
  readonly #filter: NicFilter;

  private constructor(link: string, seed: number, directions: readonly string[], filter: NicFilter) {
    this.link = link;
    this.seed = seed;
    this.#directions = directions;
    this.#filter = filter;
  }

  /** Starts an impairment; see `Link.impair`. @internal */
  static async start(link: string, crossings: readonly Crossing[], options: ImpairOptions): Promise<LinkFault> {
    assertPossible(options);
    const { direction = 'both', seed = randomInt(maxSeed), signal } = options;
    const { crossing, directions } = chooseDirections(crossings, direction);
    const names = directions.map(({ name }) => name);
    return step('alpy.qemu', `Impair ${link}: ${impairmentText(options, names, seed)}`, async () => {
      const queues = queuesOf(directions, options, seed);
      const wait = { timeoutMs: startTimeoutMs, signal };
      return new LinkFault(link, seed, names, await NicFilter.insert(crossing.machine, crossing.netdev, queues, wait));
    });
  }

  /** whether it has neither been ended nor broken @internal */
  get isActive(): boolean {
    return !this.#filter.isGone && this.failure === undefined;
  }

  /** Why it does no longer what it should. @internal */
  get failure(): Error | undefined {
    return this.#filter.failure;
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
   * Ends it. Frames that are still delayed are delivered. A second call does nothing.
   * @throws EnvironmentError if the program that delays and drops the frames has ended before
   */
  async end(): Promise<void> {
    check.end(arguments);
    if (this.#filter.isGone) return;
    await step('alpy.qemu', `End the impairment of ${this.link}`, () => this.#filter.remove());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }
}
