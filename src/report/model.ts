// SPDX-License-Identifier: GPL-3.0-or-later
import type { Fault } from '../core/errors.ts';
import type { StepCategory } from '../core/step.ts';

/** How a test ended: `failed` is the device's fault, `error` any other fault. */
export type TestStatus = 'passed' | 'failed' | 'error' | 'skipped';

/** An error for reports: plain text without escape codes. */
export interface ErrorReport {
  readonly message: string;
  readonly stack?: string;
  /** stable identifier: `ALPY_…`, or a code of the system such as `ENOENT` */
  readonly code?: string;
  /** absent if unknown, as for a plain error from a test's own code */
  readonly fault?: Fault;
  /** whether something did not happen in time; absent if not */
  readonly hasMissedDeadline?: true;
  /** difference between the expected and the received value, as text */
  readonly diff?: string;
}

/** A step of a test, with its nested steps. */
export interface StepReport {
  /** who did it: `alpy.qemu`, `rabbit`, … */
  readonly source: string;
  /** for programs */
  readonly category: StepCategory;
  /** for people */
  readonly title: string;
  /** time of its beginning, in `ms` since 1970 */
  readonly timeMs: number;
  /** how long it took, in `ms`; absent if it never ended */
  readonly durationMs?: number;
  /** message of the error that ended it; absent if it succeeded */
  readonly error?: string;
  /** lines logged in this step */
  readonly log: readonly string[];
  readonly children: readonly StepReport[];
}

/** The result of one test. */
export interface TestReport {
  /** unique in the run */
  readonly id: string;
  /** title of the test alone */
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
  /** how overloaded the machine was during the test, which may explain a missed deadline; absent if it was not */
  readonly overload?: string;
}

/** The result of a run: plain data from which all reports are written. */
export interface RunReport {
  readonly alpyVersion: string;
  /** ISO 8601, in UTC */
  readonly startedAt: string;
  readonly durationMs: number;
  /** where it ran: `docker`, `qemu`, `accel`, … */
  readonly environment: Readonly<Record<string, string>>;
  readonly tests: readonly TestReport[];
  /** errors outside any test, such as a test file that cannot be loaded */
  readonly errors: readonly ErrorReport[];
  readonly exitStatus: number;
  /** absent if the run had all tests */
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

/** Which part of the tests a run executed. */
export interface ShardReport {
  /** from 1 */
  readonly index: number;
  readonly total: number;
  /** the same for all shards that divided the same list of tests in the same way */
  readonly plan: string;
}
