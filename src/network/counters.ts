// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';

/** What went through an interface, as its namespace sees it: `received` came from the device. */
export interface Counters {
  readonly receivedFrames: number;
  readonly sentFrames: number;
  /** frames that were to be received or sent and got lost */
  readonly dropped: number;
}

/** The part of what ip prints that is used here; anything of it may be missing. */
interface Side {
  readonly packets?: unknown;
  readonly dropped?: unknown;
}
interface Stats {
  readonly rx?: Side;
  readonly tx?: Side;
}

/** Reads `ip -j -s link show dev …`. */
export function parseCounters(json: string): Counters {
  // checked by hand: zod alone is 95 files, which every worker would read
  const [link] = JSON.parse(json) as readonly { readonly stats64?: Stats }[];
  const { rx, tx }: Stats = link?.stats64 ?? {};
  const count = (value: unknown): number => {
    if (!Number.isInteger(value)) throw new BugError(`ip prints its counters in a form of its own: ${json.slice(0, 200)}`);
    return value as number;
  };
  return { receivedFrames: count(rx?.packets), sentFrames: count(tx?.packets), dropped: count(rx?.dropped) + count(tx?.dropped) };
}
