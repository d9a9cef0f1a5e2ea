// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';

/** What an interface of a node received and sent. `received` came from the device. */
export interface Counters {
  readonly receivedFrames: number;
  readonly sentFrames: number;
  /** frames that were lost instead of being received or sent */
  readonly dropped: number;
}

/** The part of ip's output that is used here. Anything may be missing. */
interface Side {
  readonly packets?: unknown;
  readonly dropped?: unknown;
}
interface Stats {
  readonly rx?: Side;
  readonly tx?: Side;
}

/** Parses the output of `ip -j -s link show dev …`. @throws BugError if the counters are missing */
export function parseCounters(json: string): Counters {
  const [link] = JSON.parse(json) as readonly { readonly stats64?: Stats }[];
  const { rx, tx }: Stats = link?.stats64 ?? {};
  const count = (value: unknown): number => {
    if (!Number.isInteger(value)) throw new BugError(`expected counters from ip, got: ${json.slice(0, 200)}`);
    return value as number;
  };
  return { receivedFrames: count(rx?.packets), sentFrames: count(tx?.packets), dropped: count(rx?.dropped) + count(tx?.dropped) };
}
