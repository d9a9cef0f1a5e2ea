// SPDX-License-Identifier: GPL-3.0-or-later
import type { FlowAccount, FlowEnds } from './account.ts';
import type { FlowGap } from './probe-report.ts';

/** How a flow went on after something happened to it. */
export interface Recovery {
  /** the longest outage; absent if there was none */
  readonly outage: FlowGap | undefined;
  readonly isOver: boolean;
}

/** What to wait for. */
export interface RecoveryOptions {
  /** how long an outage may last, in `ms` */
  readonly withinMs: number;
  /** outages that were over before this time of the receiver do not count, in `ms` */
  readonly sinceMs: number;
  /** how long to wait for the end of an outage, in `ms` */
  readonly timeoutMs: number;
  /** whether the flow may go on without an outage */
  readonly mayBeUnbroken: boolean;
}

/**
 * Makes a function that looks at a flow again and again, and returns its recovery when that is known. It watches the flow for
 * `withinMs` at least, so that an outage that has just begun is not overlooked.
 */
export function watchRecovery(account: FlowAccount, options: RecoveryOptions): (ends: FlowEnds) => Recovery | undefined {
  const { withinMs, sinceMs, timeoutMs, mayBeUnbroken } = options;
  let startMs: number | undefined;
  return (ends) => {
    startMs ??= ends.nowMs;
    const elapsedMs = ends.nowMs - startMs;
    if (elapsedMs < withinMs) return undefined;
    const isLate = elapsedMs >= timeoutMs;
    const present = account.outageNow(ends);
    if (present) return isLate ? { outage: present, isOver: false } : undefined;
    const outage = account
      .outagesSince(sinceMs, ends)
      .reduce<FlowGap | undefined>((longest, one) => (longest && longest.lengthMs >= one.lengthMs ? longest : one), undefined);
    return outage || mayBeUnbroken || isLate ? { outage, isOver: true } : undefined;
  };
}
