// SPDX-License-Identifier: GPL-3.0-or-later
import type { RunReport } from '../../report/index.ts';

/** What to run in the next round: everything, the files with failed tests, or those that changed files affect. */
export type NextRound = 'all' | 'failed' | ReadonlySet<string>;

/** How to go on after a round of tests. */
export interface WatchOptions {
  /**
   * Called after each round.
   * @param changed - waits for files to change; returns their absolute paths
   * @returns what to run next; `undefined` to end the run
   */
  readonly next: (
    report: RunReport,
    changed: (signal: AbortSignal) => Promise<ReadonlySet<string>>,
  ) => Promise<NextRound | undefined>;
}
