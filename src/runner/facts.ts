// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from '../config/index.ts';
import type { InspectedDisks } from '../qemu/index.ts';
import type { HostFacts, SnapshotPlace } from '../testbed/index.ts';

/** What the main process passes to its workers. Plain data. */
export interface RunFacts {
  readonly runId: string;
  readonly jobId: string | undefined;
  readonly config: Config;
  readonly host: HostFacts;
  /** the disks of each device of the configuration, in order */
  readonly disks: readonly InspectedDisks[];
  /** folder of the test files; reports name tests relative to it */
  readonly root: string;
  /** folder in which each test gets a subfolder */
  readonly testsDirectory: string;
  /** number of workers */
  readonly workers: number;
  /** how many concurrent tests of one file may run at once */
  readonly testsPerFile: number;
  /** socket of the run's scheduler */
  readonly scheduler: string;
  readonly snapshots: SnapshotPlace;
  /** whether workers print the steps of their tests */
  readonly showSteps: boolean;
  /** whether workers report what their tests are doing; see `Activity` */
  readonly showActivity: boolean;
  /** folder in which the testbed of a failed test is a session until the user goes on; absent: it is torn down at once */
  readonly pauseIn: string | undefined;
  /** whether a debugger may stop workers; then no time limit passes meanwhile */
  readonly isDebugged: boolean;
  /** values to hide in logs and reports */
  readonly secrets: readonly string[];
}

/** Key under which Vitest provides them. */
export const factsKey = 'alpy';

declare module 'vitest' {
  interface ProvidedContext {
    alpy: RunFacts;
  }
  interface TaskMeta {
    /** folder for the test's files, relative to {@link RunFacts.testsDirectory} */
    alpyDirectory?: string;
    /** whether the test was skipped because it could not run */
    alpyNotRun?: boolean;
    /** see `TestReport.overload` */
    alpyOverload?: string;
  }
}
