// SPDX-License-Identifier: GPL-3.0-or-later
import type { Config } from '../config/index.ts';
import type { DiskImage } from '../qemu/index.ts';
import type { HostFacts, SnapshotPlace } from '../testbed/index.ts';

/** What the main process tells its workers. Plain data. */
export interface RunFacts {
  readonly runId: string;
  readonly jobId: string | undefined;
  readonly config: Config;
  readonly host: HostFacts;
  /** the appliance's disk image */
  readonly disk: DiskImage;
  /** folder of the tests' files, relative to which reports name tests */
  readonly root: string;
  /** folder in which each test gets its own */
  readonly testsDirectory: string;
  /** how many workers there are */
  readonly workers: number;
  /** how many tests of one file may run at once, where they say that they can */
  readonly testsPerFile: number;
  /** socket of the run's scheduler */
  readonly scheduler: string;
  readonly snapshots: SnapshotPlace;
  /** whether workers print the steps of their tests */
  readonly showSteps: boolean;
  /** values that neither logs nor reports may show */
  readonly secrets: readonly string[];
}

/** Name under which Vitest hands them on. */
export const factsKey = 'alpy';

declare module 'vitest' {
  interface ProvidedContext {
    alpy: RunFacts;
  }
  interface TaskMeta {
    /** folder of the test's files, relative to {@link RunFacts.testsDirectory} */
    alpyDirectory?: string;
    /** why the test may have timed out without the device being to blame */
    alpyBlame?: string;
    /** see `TestReport.overload` */
    alpyOverload?: string;
  }
}
