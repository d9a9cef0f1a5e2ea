// SPDX-License-Identifier: GPL-3.0-or-later
import { randomInt } from 'node:crypto';
import { step } from '../../core/step.ts';
import { NicFilter, type FilterPlace, type FrameCounts } from '../../qemu/index.ts';
import {
  assertPossible,
  check,
  directionsOf,
  impairmentText,
  maxSeed,
  queuesOf,
  type EndNames,
  type ImpairOptions,
} from './impair-options.ts';

/** How long it may take to start an impairment, in `ms`. */
const startTimeoutMs = 30_000;

/** A link, as far as its faults are concerned. */
export interface FaultPlace {
  /** name of the link */
  readonly name: string;
  readonly ends: EndNames;
  /** identifier of the NIC's backend in QEMU */
  readonly netdev: string;
  readonly machine: FilterPlace;
}

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
  static async start({ name, ends, netdev, machine }: FaultPlace, options: ImpairOptions): Promise<LinkFault> {
    assertPossible(options);
    const directions = directionsOf(ends, options);
    const { seed = randomInt(maxSeed), signal } = options;
    return step('alpy.qemu', `Impair ${name}: ${impairmentText(options, directions, seed)}`, async () => {
      const queues = queuesOf(directions, options, seed);
      const filter = await NicFilter.insert(machine, netdev, queues, { timeoutMs: startTimeoutMs, signal });
      return new LinkFault(
        name,
        seed,
        directions.map((direction) => direction.name),
        filter,
      );
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
