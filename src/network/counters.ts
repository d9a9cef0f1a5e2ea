// SPDX-License-Identifier: GPL-3.0-or-later
import { z } from 'zod';
import { BugError } from '../core/errors.ts';

/** What went through an interface, as its namespace sees it: `received` came from the device. */
export interface Counters {
  readonly receivedFrames: number;
  readonly sentFrames: number;
  /** frames that were to be received or sent and got lost */
  readonly dropped: number;
}

const side = z.object({ packets: z.int(), dropped: z.int() });
const links = z.array(z.object({ stats64: z.object({ rx: side, tx: side }) })).length(1);

/** Reads `ip -j -s link show dev …`. */
export function parseCounters(json: string): Counters {
  const result = links.safeParse(JSON.parse(json));
  const stats = result.data?.[0]?.stats64;
  if (!stats) throw new BugError(`ip prints its counters in a form of its own: ${json.slice(0, 200)}`);
  const { rx, tx } = stats;
  return { receivedFrames: rx.packets, sentFrames: tx.packets, dropped: rx.dropped + tx.dropped };
}
