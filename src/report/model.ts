// SPDX-License-Identifier: GPL-3.0-or-later
import type { Fault } from '../core/errors.ts';
import type { StepCategory } from '../core/step.ts';

/** How a test ended: `failed` is the device's fault, `error` anybody else's. */
export type TestStatus = 'passed' | 'failed' | 'error' | 'skipped';

/** An error as reports show it: plain text, no escape codes. */
export interface ErrorReport {
  readonly message: string;
  readonly stack?: string;
  /** stable identifier, `ALPY_…` or that of the system */
  readonly code?: string;
  /** absent when nobody can tell: a plain error from a test's own code */
  readonly fault?: Fault;
  /** whether it is that something did not happen in time; absent when it is not */
  readonly hasMissedDeadline?: true;
  /** what was expected against what was received, as a text */
  readonly diff?: string;
}

/** A step of a test, with those inside it. */
export interface StepReport {
  /** who did it: `alpy.qemu`, `rabbit`, … */
  readonly source: string;
  /** for programs */
  readonly category: StepCategory;
  /** for people */
  readonly title: string;
  /** when it began, in `ms` since 1970 */
  readonly timeMs: number;
  /** how long it took, in `ms`; absent when it never ended */
  readonly durationMs?: number;
  /** message of the error that ended it */
  readonly error?: string;
  /** lines logged in this step */
  readonly log: readonly string[];
  readonly children: readonly StepReport[];
}

/** What became of one test. */
export interface TestReport {
  /** unique in the run */
  readonly id: string;
  /** title without those of the groups around it */
  readonly name: string;
  /** titles of the groups and of the test, joined by ` > ` */
  readonly fullName: string;
  /** test file relative to the current directory, with forward slashes */
  readonly file: string;
  readonly status: TestStatus;
  readonly durationMs: number;
  readonly errors: readonly ErrorReport[];
  /** directory of the artifacts, relative to the output directory, with forward slashes */
  readonly directory?: string;
  /** files of the test, relative to the output directory, with forward slashes */
  readonly artifacts: readonly string[];
  readonly steps: readonly StepReport[];
  readonly skipReason?: string;
  /** how overloaded the machine was while the test ran, absent when it was not: a missed deadline may be due to it */
  readonly overload?: string;
}

/** What became of a run: all that reports are made of. Plain data. */
export interface RunReport {
  readonly alpyVersion: string;
  /** ISO 8601, in UTC */
  readonly startedAt: string;
  readonly durationMs: number;
  /** where it ran: `docker`, `qemu`, `accel`, … */
  readonly environment: Readonly<Record<string, string>>;
  readonly tests: readonly TestReport[];
  /** errors outside any test: a test file that cannot be loaded, a set-up that failed */
  readonly errors: readonly ErrorReport[];
  readonly exitStatus: number;
  /** absent when the run had all tests */
  readonly shard?: ShardReport;
  /** absent outside GitLab */
  readonly job?: JobReport;
}

/** The GitLab job of a run, to link its artifacts. */
export interface JobReport {
  /** page of the job, `CI_JOB_URL` */
  readonly jobUrl: string;
  /** output directory relative to the project's, with forward slashes */
  readonly outPath: string;
}

/** Which part of the tests a run had. */
export interface ShardReport {
  /** from 1 */
  readonly index: number;
  readonly total: number;
  /** the same for all shards that agreed on who runs what */
  readonly plan: string;
}
