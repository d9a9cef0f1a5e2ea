// SPDX-License-Identifier: GPL-3.0-or-later
import { argumentsOf } from '../../core/arguments.ts';
import { UsageError } from '../../core/errors.ts';
import {
  abortSignal,
  milliseconds,
  numberBetween,
  options,
  someText,
  wholeNumber,
  type OptionSchemas,
} from '../../core/schemas.ts';
import type { FilteredQueue, RelaySettings } from '../../qemu/index.ts';
import type { Direction } from './directions.ts';

/** When a fault begins and ends by itself. */
export interface FaultTimes {
  /**
   * begins the fault this long after the call, in `ms`. The call returns as soon as everything is prepared. Default: it has begun when the
   * call returns
   */
  readonly afterMs?: number | undefined;
  /** ends the fault this long after it has begun, in `ms`. Default: it stays until it is ended */
  readonly durationMs?: number | undefined;
}

/** What an impairment does to the frames of a link. At least one of the first seven must be given. */
export interface ImpairOptions extends RelaySettings, FaultTimes {
  /**
   * `both` by default, or the frames from one end to the other: `dut->node0`, `left->right`, `left:1->right:1`, `client->server`,
   * `left->lan` on a segment
   */
  readonly direction?: string | undefined;
  /** start of the random numbers, 0 to 4294967295: the same seed chooses the same frames, if the same frames are sent; default: random */
  readonly seed?: number | undefined;
  /** ends the start of the impairment early */
  readonly signal?: AbortSignal | undefined;
}

/** How often and for how long a link loses its carrier. */
export interface FlapOptions {
  /** how often, 1 to 1000 */
  readonly times: number;
  /** how long it has no carrier each time, in `ms` */
  readonly downMs: number;
  /** how long it has its carrier between two times, in `ms` */
  readonly upMs: number;
  /** ends it early; the carrier is then back */
  readonly signal?: AbortSignal | undefined;
}

/** Highest seed. */
export const maxSeed = 2 ** 32 - 1;

const percentage = numberBetween(0, 100, 'a percentage from 0 to 100');

const settings: OptionSchemas<RelaySettings> = {
  delayMs: milliseconds.optional(),
  jitterMs: milliseconds.optional(),
  lossPercent: percentage.optional(),
  duplicatePercent: percentage.optional(),
  corruptPercent: percentage.optional(),
  reorderPercent: percentage.optional(),
  rateMbps: numberBetween(0.001, 100_000, 'a number of Mbit/s from 0.001 to 100000').optional(),
};
const times: OptionSchemas<FaultTimes> = { afterMs: milliseconds.optional(), durationMs: milliseconds.optional() };
const impairOptions = options<ImpairOptions>({
  ...settings,
  ...times,
  direction: someText.optional(),
  seed: wholeNumber(0, maxSeed).optional(),
  signal: abortSignal.optional(),
});
const flapOptions = options<FlapOptions>({
  times: wholeNumber(1, 1000),
  downMs: milliseconds,
  upMs: milliseconds,
  signal: abortSignal.optional(),
});

/** Checks of the arguments of a link's functions for faults. */
export const check = {
  impair: argumentsOf('link.impair', { options: impairOptions }),
  unplug: argumentsOf('link.unplug', { options: options<FaultTimes>(times).optional() }),
  flap: argumentsOf('link.flap', { options: flapOptions }),
  counts: argumentsOf('fault.counts'),
  end: argumentsOf('fault.end'),
  endUnplugged: argumentsOf('unplugged.end'),
};

/** @throws UsageError if the options ask for nothing, or for what cannot be */
export function assertPossible(given: ImpairOptions): void {
  const { delayMs = 0, jitterMs = 0, reorderPercent = 0 } = given;
  const names = Object.keys(settings) as (keyof RelaySettings)[];
  if (!names.some((name) => (given[name] ?? 0) > 0))
    throw new UsageError(`link.impair: expected at least one of ${names.join(', ')} to be above 0, got none`);
  if (jitterMs > delayMs)
    throw new UsageError(
      `link.impair: expected jitterMs to be at most delayMs, because no frame arrives before it is sent, got jitterMs ${jitterMs} and delayMs ${delayMs}`,
    );
  if (reorderPercent > 0 && delayMs === 0)
    throw new UsageError(
      'link.impair: expected a delayMs above 0 beside reorderPercent, because frames that are not delayed overtake delayed ones, got none. Add delayMs',
    );
}

/** What the filter at the NIC does. Pure. */
export function queuesOf(directions: readonly Direction[], given: ImpairOptions, seed: number): readonly FilteredQueue[] {
  return directions.map(({ queue }) => ({ queue, settings: given, seed }));
}

/** The impairment in words, for reports: `delayMs 20, lossPercent 1, both directions, seed 5`. Pure. */
export function impairmentText(given: ImpairOptions, directions: readonly string[], seed: number): string {
  const named = (Object.keys(settings) as (keyof RelaySettings)[]).flatMap((name) =>
    given[name] === undefined ? [] : [`${name} ${given[name]}`],
  );
  const where = directions.length === 2 ? 'both directions' : directions.join(', ');
  return [...named, ...timesTexts(given), where, `seed ${seed}`].join(', ');
}

/** When a fault begins and ends, in words: `after 500 ms` and `for 2000 ms`. Pure. */
export function timesTexts({ afterMs, durationMs }: FaultTimes): readonly string[] {
  return [
    ...(afterMs === undefined ? [] : [`after ${afterMs} ms`]),
    ...(durationMs === undefined ? [] : [`for ${durationMs} ms`]),
  ];
}
