// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../../core/errors.ts';

/** What a relay does to the frames of a direction. Absent or 0: nothing. */
export interface RelaySettings {
  /** how much later a frame arrives, in `ms` */
  readonly delayMs?: number | undefined;
  /** largest difference between the delay of a frame and `delayMs`, in `ms` */
  readonly jitterMs?: number | undefined;
  /** percentage of frames that are lost */
  readonly lossPercent?: number | undefined;
  /** percentage of frames that arrive twice */
  readonly duplicatePercent?: number | undefined;
  /** percentage of frames in which one bit behind the Ethernet header is wrong */
  readonly corruptPercent?: number | undefined;
  /** percentage of frames that are not delayed, and so overtake others */
  readonly reorderPercent?: number | undefined;
  /** bandwidth, in millions of bits per second */
  readonly rateMbps?: number | undefined;
}

/** A direction of a relay. */
export interface RelayDirection {
  readonly settings: RelaySettings;
  /** start of the random numbers: a whole number */
  readonly seed: number;
  /** paths of the sockets from which frames come and to which they go */
  readonly sockets: { readonly from: string; readonly to: string };
}

/** What happened to the frames of a direction since its fault began. */
export interface FrameCounts {
  /** frames that were sent */
  readonly received: number;
  /** frames that were delivered; each copy counts */
  readonly passed: number;
  /** frames lost because of `lossPercent` */
  readonly lost: number;
  /** frames that were delivered twice */
  readonly duplicated: number;
  /** frames in which one bit was changed */
  readonly corrupted: number;
  /** frames that overtook at least one other */
  readonly reordered: number;
  /** frames lost because too many waited, mostly because of `rateMbps` */
  readonly overflowed: number;
}

/** The argument of the relay for a direction. Pure. */
export function relayArgument({ settings, seed, sockets }: RelayDirection): string {
  const { delayMs = 0, jitterMs = 0, lossPercent = 0, duplicatePercent = 0, corruptPercent = 0, reorderPercent = 0 } = settings;
  const values = {
    in: sockets.from,
    out: sockets.to,
    seed,
    delay: delayMs / 1000,
    jitter: jitterMs / 1000,
    loss: lossPercent / 100,
    duplicate: duplicatePercent / 100,
    corrupt: corruptPercent / 100,
    reorder: reorderPercent / 100,
    rate: (settings.rateMbps ?? 0) * 1e6,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Parses the counters that a relay prints: those of each direction. Pure. @throws BugError if they are malformed */
export function parseCounts(line: string): readonly FrameCounts[] {
  return line.split(';').map((direction) => {
    const values = new Map(direction.split(',').map((pair) => pair.split('=') as [string, string]));
    const count = (name: keyof FrameCounts): number => {
      const text = values.get(name) ?? '';
      if (!/^\d+$/.test(text)) throw new BugError(`expected the counters of a relay, got ${JSON.stringify(line.slice(0, 200))}`);
      return Number(text);
    };
    return {
      received: count('received'),
      passed: count('passed'),
      lost: count('lost'),
      duplicated: count('duplicated'),
      corrupted: count('corrupted'),
      reordered: count('reordered'),
      overflowed: count('overflowed'),
    };
  });
}
