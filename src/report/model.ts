// SPDX-License-Identifier: GPL-3.0-or-later
import type { ErrorDetail, Fault } from '../core/errors.ts';
import type { StepCategory } from '../core/step.ts';

/** How a test ended: `flaky` passed at a retry, `failed` is the device's fault, `error` any other fault. */
export type TestStatus = 'passed' | 'flaky' | 'failed' | 'error' | 'skipped';

/**
 * Why a test failed: the device (`product`); the machine, Docker or the images (`environment`); a deadline that passed while the machine
 * was overloaded (`timeout under load`); alpy itself (`harness`); the test or the configuration (`usage`); an error of unknown origin from the
 * test's own code (`test`).
 */
export const failureClasses = ['product', 'harness', 'usage', 'test', 'environment', 'timeout under load'] as const;

/** See {@link failureClasses}. */
export type FailureClass = (typeof failureClasses)[number];

/** A place in a source file. */
export interface SourcePlace {
  /** relative to the current directory, with forward slashes */
  readonly file: string;
  /** from 1 */
  readonly line: number;
  /** from 1 */
  readonly column: number;
}

/** An error for reports: plain text without escape codes. */
export interface ErrorReport {
  readonly message: string;
  /** class of the error, such as `TypeError`; absent if something else than an error was thrown */
  readonly name?: string;
  /** frames in the user's files, innermost first, one per line; absent if the error has no such frame */
  readonly stack?: string;
  /** innermost place in the user's files; absent if the error has no such frame */
  readonly place?: SourcePlace;
  /** the lines around `place`, with line numbers and a mark, as plain text */
  readonly codeFrame?: string;
  /** stable identifier: `ALPY_…`, or a code of the system such as `ENOENT` */
  readonly code?: string;
  /** absent if unknown, as for a plain error from a test's own code */
  readonly fault?: Fault;
  /** whether something did not happen in time; absent if not */
  readonly hasMissedDeadline?: true;
  /** whether that was while this machine was overloaded, so the device may not be to blame; absent if not */
  readonly isUnderLoad?: true;
  /** expected value of an assertion, as text */
  readonly expected?: string;
  /** received value of an assertion, as text */
  readonly actual?: string;
  /** difference between the expected and the received value, as text */
  readonly diff?: string;
  /** what else helps to understand it */
  readonly details?: readonly ErrorDetail[];
  /** whether it follows from an earlier error of the same test, which reports show first; absent if not */
  readonly isConsequence?: true;
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
  /** line of the call of `test` in that file, from 1; absent if unknown */
  readonly line?: number;
  readonly status: TestStatus;
  /** why it failed, or its earlier attempts if it is flaky; absent if it did not fail */
  readonly failureClass?: FailureClass;
  readonly durationMs: number;
  /** how often it was run; absent if once */
  readonly attempts?: number;
  /** of all attempts, in the order in which they were thrown */
  readonly errors: readonly ErrorReport[];
  /** directory of the artifacts, relative to the output directory, with forward slashes */
  readonly directory?: string;
  /** files of the test, relative to the output directory, with forward slashes */
  readonly artifacts: readonly string[];
  readonly steps: readonly StepReport[];
  readonly skipReason?: string;
  /** whether it was to run but could not, so it says nothing about the device; absent if not */
  readonly notRun?: true;
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
  /** whether flaky tests make the run fail; absent if not */
  readonly failsOnFlaky?: true;
  /**
   * current directory of the run relative to the project's, with forward slashes, for links to test files; absent if it is the
   * project's
   */
  readonly projectPath?: string;
  /** absent if the run had all tests */
  readonly shard?: ShardReport;
  /** absent outside GitLab */
  readonly job?: JobReport;
}

/** What is known about a run before its first test. */
export type RunHead = Omit<RunReport, 'durationMs' | 'tests' | 'errors' | 'exitStatus'>;

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
