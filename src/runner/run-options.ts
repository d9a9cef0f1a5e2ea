// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestSpecification } from 'vitest/node';
import type { LoadedConfig } from '../config/index.ts';
import type { Variables } from '../core/variables.ts';
import type { Engine } from '../docker/index.ts';
import type { ShardReport, TestReport } from '../report/index.ts';
import type { Activity } from './activity.ts';
import type { VitestSettings } from './open-vitest.ts';
import type { RunReporter } from './reporter.ts';
import type { Selection } from './selection.ts';
import type { Shard } from './shard.ts';
import type { WatchOptions } from './watch/watch-options.ts';

/** How to pause when a test has failed. */
export interface PauseOptions {
  /** absolute path of the folder in which the session commands find the testbed */
  readonly directory: string;
  /**
   * Called when a test has failed and its testbed waits.
   * @param problem - why its testbed does not wait; absent if it does
   */
  readonly onPause: (test: TestReport, problem: string | undefined) => void;
}

/** What to run, and how. */
export interface RunOptions {
  readonly loaded: LoadedConfig;
  readonly selection: Selection;
  readonly settings?: Omit<VitestSettings, 'testName'>;
  /** the caller's environment: locations of images */
  readonly variables: Variables;
  readonly alpyVersion: string;
  /** current directory: reports name test files relative to it */
  readonly directory: string;
  /** folder relative to which artifacts are named, `CI_PROJECT_DIR`; default: the current directory */
  readonly artifactRoot?: string | undefined;
  readonly jobId?: string | undefined;
  /** page of the GitLab job, for links to its artifacts; absent outside GitLab */
  readonly jobUrl?: string | undefined;
  /** which part of the test files to run; absent for all */
  readonly shard?: Shard | undefined;
  /** how long test files took, in `s`, by their names in reports; shards are balanced by them */
  readonly durations?: ReadonlyMap<string, number> | undefined;
  /** absolute path of the folder for snapshots */
  readonly snapshotDirectory: string;
  /** file that caches whether KVM works */
  readonly accelCacheFile?: string | undefined;
  /** file that caches what was found out about disk images */
  readonly diskCacheFile?: string | undefined;
  /** absolute path of the folder for unpacked disk images */
  readonly unpackedDirectory?: string | undefined;
  /** ends the run; reports are still written */
  readonly signal: AbortSignal;
  readonly showSteps: boolean;
  /** called with what tests are doing, a few times a second; absent: workers do not report it */
  readonly onActivity?: ((activity: Activity) => void) | undefined;
  /** keeps the testbed of a failed test until the user goes on; absent: it is torn down at once */
  readonly pause?: PauseOptions | undefined;
  /** runs tests again and again; absent: once */
  readonly watch?: WatchOptions | undefined;
  /** port on which each worker waits for a debugger, in turn; absent: no worker waits */
  readonly debugPort?: number | undefined;
  /** takes what tests print on their standard output; default: this process's */
  readonly testOutput?: NodeJS.WriteStream | undefined;
  /** values to hide in logs and reports, but not in captures and console logs */
  readonly secrets: readonly string[];
  /** called with a message when the Docker daemon is slow to answer */
  readonly onWait?: ((text: string) => void) | undefined;
  /** called with each test when it has ended */
  readonly onTest: (report: TestReport) => void;
  /** called with facts about the machine, and then about the shard */
  readonly onStart: (environment: Readonly<Record<string, string>>) => void;
}

/** The test files that were selected. */
export interface Selected {
  files: readonly TestSpecification[];
}

/** What a run has from the start. */
export interface Run {
  readonly options: RunOptions;
  readonly testsDirectory: string;
  readonly engine: Engine;
  readonly loading: Promise<typeof import('./open-vitest.ts')>;
  readonly reporter: RunReporter;
  readonly selected: Selected;
  /** removes the results of the previous run, and begins to store those of this one */
  readonly begin: (environment: Readonly<Record<string, string>>, shard: ShardReport | undefined) => Promise<void>;
  /** fires when the run must end early: it was stopped, or the daemon is lost */
  readonly end: AbortSignal;
}
