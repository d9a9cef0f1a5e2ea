// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';
import { BugError, codeOf, EnvironmentError, messageOf } from '../core/errors.ts';
import type { StepEvent } from '../core/step.ts';
import { slashes } from '../core/text.ts';
import {
  classOfAttempt,
  errorReports,
  hasFailed,
  readEvents,
  stepTree,
  type ErrorReport,
  type TestReport,
} from '../report/index.ts';
import { testDirectoryName } from '../report/test-directory.ts';
import { lineOf, outcomeOf, placedAtTest, type EarlyEnd, type TestOutcome } from './outcome.ts';
import { outsideReports } from './outside-errors.ts';
import { deathReport, workerDeath, type WorkerDeath } from './worker-death.ts';

/** Folders of a run. */
export interface ReporterPaths {
  /** reports name test files relative to this folder */
  readonly root: string;
  readonly outDirectory: string;
  readonly testsDirectory: string;
}

/** Which tests a reporter reports, and when their run ends early. */
export interface ReporterOptions {
  /** whether a test was selected: Vitest reports the others as skipped; default: all are */
  readonly isSelected?: (testCase: TestCase) => boolean;
  /** after how many failed tests the run ends; default: never */
  readonly bail?: number | undefined;
}

/** Maximum number of a test's files that reports list. */
const maxArtifacts = 1000;

/** Collects the results of a run's tests. A problem with the files of one test does not affect the others. */
export class RunReporter implements Reporter {
  readonly #paths: ReporterPaths;
  readonly #onTest: (report: TestReport) => void;
  readonly #options: ReporterOptions;
  readonly #tests = new Map<string, TestReport>();
  #errors: ErrorReport[] = [];
  #stopReason: string | undefined;
  /** ids of the tests that Vitest reported to have begun */
  readonly #started = new Set<string>();
  readonly #createdMs = performance.now();

  /** @param onTest - called with each test when it has ended */
  constructor(paths: ReporterPaths, onTest: (report: TestReport) => void, options: ReporterOptions = {}) {
    this.#paths = paths;
    this.#onTest = onTest;
    this.#options = options;
  }

  /** all tests, in the order of their ends */
  get tests(): readonly TestReport[] {
    return [...this.#tests.values()];
  }

  /** errors outside any test */
  get errors(): readonly ErrorReport[] {
    return this.#errors;
  }

  /** Ends the run early: unfinished tests count as skipped, and Vitest's errors about dead workers are ignored. */
  stop(reason: string): void {
    this.#stopReason = reason;
  }

  /** Forgets the results of test files that are about to run again, and removes the files of their tests. */
  forget(files: readonly string[]): void {
    const names = new Set(files.map((file) => this.#nameOf(file)));
    for (const { id, file, directory } of this.tests) {
      if (!names.has(file)) continue;
      this.#tests.delete(id);
      this.#started.delete(id);
      if (directory !== undefined) rmSync(join(this.#paths.outDirectory, directory), { recursive: true, force: true });
    }
    this.#errors = this.#errors.filter(({ place }) => place !== undefined && !names.has(place.file));
  }

  /** Whether so many tests have failed that the run ends. */
  get hasBailed(): boolean {
    return this.#bailed !== undefined;
  }

  get #bailed(): EarlyEnd | undefined {
    const { bail = Infinity } = this.#options;
    if (this.tests.filter(hasFailed).length < bail) return undefined;
    return { reason: `not run: the run ended after ${bail} failed ${bail === 1 ? 'test' : 'tests'} (--bail)`, notRun: true };
  }

  get #earlyEnd(): EarlyEnd | undefined {
    return this.#stopReason === undefined ? this.#bailed : { reason: this.#stopReason, notRun: false };
  }

  /** Whether a test of a file has been reported. */
  hasTestsOf(file: string): boolean {
    const name = this.#nameOf(file);
    return this.tests.some((test) => test.file === name);
  }

  /** Adds the tests of modules that a stopped run has not reached. */
  addUnrun(modules: readonly TestModule[]): void {
    for (const testCase of modules.flatMap((module) => this.#selectedTests(module))) {
      if (!this.#tests.has(testCase.id))
        this.#tests.set(testCase.id, this.#report(testCase, outcomeOf(testCase, this.#paths.root, this.#earlyEnd)));
    }
  }

  #selectedTests(module: TestModule): readonly TestCase[] {
    return [...module.children.allTests()].filter((testCase) => this.#isSelected(testCase));
  }

  #isSelected(testCase: TestCase): boolean {
    return this.#options.isSelected?.(testCase) ?? true;
  }

  /**
   * Adds an error for each file that was to run but has no result, although nothing explains that.
   * @param modules - those that Vitest has loaded
   */
  addMissing(files: readonly string[], modules: readonly Pick<TestModule, 'moduleId' | 'state'>[]): void {
    if (this.#errors.length > 0) return;
    const ended = new Set(modules.filter((one) => !['queued', 'pending'].includes(one.state())).map(({ moduleId }) => moduleId));
    const missing = files.filter((file) => !ended.has(file) && !this.hasTestsOf(file));
    this.#errors.push(
      ...missing.flatMap((file) => errorReports(new BugError(`${this.#nameOf(file)} was to run but has no result`))),
    );
  }

  /** called by Vitest */
  onTestCaseReady({ id }: TestCase): void {
    this.#started.add(id);
  }

  /** called by Vitest */
  onTestCaseResult(testCase: TestCase): void {
    if (testCase.result().state === 'pending' || !this.#isSelected(testCase)) return; // pending: reported when it ends
    const isNew = !this.#tests.has(testCase.id); // Vitest reports a cancelled test twice
    const report = this.#report(testCase, outcomeOf(testCase, this.#paths.root, this.#earlyEnd));
    this.#tests.set(report.id, report);
    if (isNew) this.#onTest(report);
  }

  /** called by Vitest */
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const errors = modules.flatMap((module) => [
      ...module.errors(),
      ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
    ]);
    if (this.#stopReason !== undefined) {
      const isOfStop = ({ message }: SerializedError): boolean => message.startsWith('[vitest-');
      this.#errors.push(...[...errors, ...unhandled].filter((error) => !isOfStop(error)).flatMap(this.#outside));
      this.addUnrun(modules);
      return;
    }
    const deaths = unhandled.flatMap((error) => workerDeath(error) ?? []);
    const explained = modules.flatMap((module) => this.#endModule(module, deaths) ?? []);
    const others = unhandled.filter((error) => !explained.some(({ message }) => message === workerDeath(error)?.message));
    this.#errors.push(...[...errors, ...others].flatMap(this.#outside));
  }

  /**
   * Reports the tests of a file that have no result: those that ran when their process died, and those that never ran.
   * @returns the death of the process, if it is the error of a test
   */
  #endModule(module: TestModule, deaths: readonly WorkerDeath[]): WorkerDeath | undefined {
    // Vitest ends tests that it refuses to run, such as those of a file with `only` in CI, without calling us
    for (const testCase of this.#selectedTests(module)) if (!this.#tests.has(testCase.id)) this.onTestCaseResult(testCase);
    const unreported = this.#selectedTests(module).filter(({ id }) => !this.#tests.has(id));
    const death = deaths.find(({ files }) => files.some((file) => module.moduleId.endsWith(file)));
    // the end of the run after failed tests also ends those that run
    const running = death || !this.hasBailed ? unreported.filter((testCase) => this.#hasBegun(testCase)) : [];
    const error = death ? deathReport(death) : { message: 'the run ended while this test ran' };
    for (const testCase of running) {
      const failureClass = classOfAttempt([error]);
      const outcome: TestOutcome = { status: 'error', failureClass, errors: [error], durationMs: 0, ...lineOf(testCase) };
      this.#add(this.#report(testCase, outcome, this.#directoryOf(testCase)));
    }
    const names = running.map(({ fullName }) => `"${fullName}"`).join(', ');
    const reason = death
      ? `the process of this file ended with ${death.how}${names === '' ? '' : ` while ${names} ran`}`
      : 'the run ended';
    const skipReason = this.#bailed?.reason ?? `not run: ${reason}`;
    for (const testCase of unreported.filter((one) => !running.includes(one))) {
      const outcome: TestOutcome = {
        status: 'skipped',
        errors: [],
        durationMs: 0,
        skipReason,
        notRun: true,
        ...lineOf(testCase),
      };
      this.#add(this.#report(testCase, outcome));
    }
    return running.length > 0 ? death : undefined;
  }

  #add(report: TestReport): void {
    this.#tests.set(report.id, report);
    this.#onTest(report);
  }

  /** Whether a test has begun. If its process died before Vitest could report that, the test's directory shows it. */
  #hasBegun(testCase: TestCase): boolean {
    return this.#started.has(testCase.id) || this.#directoryOf(testCase) !== undefined;
  }

  /** The directory that a test has claimed, by its name if its process died before it could report the directory. */
  #directoryOf(testCase: TestCase): string | undefined {
    const { alpyDirectory: reported } = testCase.meta();
    if (reported !== undefined) return reported;
    const { outDirectory, testsDirectory } = this.#paths;
    const name = testDirectoryName({ file: this.#nameOf(testCase.module.moduleId), fullName: testCase.fullName });
    const path = slashes(relative(outDirectory, join(testsDirectory, name)));
    const isOthers = this.tests.some(({ id, directory }) => id !== testCase.id && directory === path);
    return isOthers || !existsSync(join(testsDirectory, name)) ? undefined : name;
  }

  /** Reports an error outside any test. */
  readonly #outside = (error: SerializedError): readonly ErrorReport[] => outsideReports(error, this.#paths.root);

  #nameOf(file: string): string {
    return slashes(relative(this.#paths.root, file));
  }

  #report(testCase: TestCase, outcome: TestOutcome, directory = testCase.meta().alpyDirectory): TestReport {
    const { alpyOverload: overload } = testCase.meta();
    const { ranMs, ...files } = this.#files(directory);
    return {
      id: testCase.id,
      name: testCase.name,
      fullName: testCase.fullName,
      file: this.#nameOf(testCase.module.moduleId),
      ...outcome,
      errors: outcome.errors.map((error) => placedAtTest(error, testCase, this.#paths.root)),
      // Events may be stamped by a clock that was stepped, but no test ran longer than the run.
      durationMs: outcome.durationMs > 0 ? outcome.durationMs : Math.min(ranMs, performance.now() - this.#createdMs),
      ...files,
      ...(overload === undefined ? {} : { overload }),
    };
  }

  /**
   * Lists the files in a test's directory.
   * @returns also the time between its first event and its last, which shows how long a test ran whose process died. Vitest's
   * reports cannot show that: on a busy machine, this process reads that the test has begun after its last event.
   */
  #files(name: string | undefined): Pick<TestReport, 'directory' | 'artifacts' | 'steps'> & { readonly ranMs: number } {
    if (name === undefined) return { artifacts: [], steps: [], ranMs: 0 };
    const { outDirectory, testsDirectory } = this.#paths;
    const directory = join(testsDirectory, name);
    const inOutput = (path: string): string => slashes(relative(outDirectory, path));
    const times = { firstMs: 0, lastMs: 0 };
    return {
      directory: inOutput(directory),
      artifacts: this.#attempt([], () => filesBelow(directory).map(inOutput)),
      steps: this.#attempt([], () => stepTree(noteTimes(readEvents(join(directory, 'events.ndjson')), times))),
      ranMs: Math.max(0, times.lastMs - times.firstMs),
    };
  }

  #attempt<T>(otherwise: T, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return otherwise;
      const cannot = new EnvironmentError(`cannot read the files of a test: ${messageOf(error)}`, { cause: error });
      this.#errors.push(...errorReports(cannot));
      return otherwise;
    }
  }
}

function* noteTimes(events: Iterable<StepEvent>, times: { firstMs: number; lastMs: number }): Generator<StepEvent> {
  for (const event of events) {
    times.firstMs ||= event.timeMs;
    times.lastMs = event.timeMs;
    yield event;
  }
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .slice(0, maxArtifacts);
}
