// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';
import { codeOf } from '../core/errors.ts';
import { readPlainSync } from '../core/plain-file.ts';
import { slashes } from '../core/text.ts';
import {
  errorReport,
  parseEvents,
  statusOf,
  stepTree,
  type ErrorReport,
  type StepReport,
  type TestReport,
} from '../report/index.ts';

/** Vitest's note on a test that was cancelled, whoever cancelled it. */
const cancelledNote = 'The test run was aborted by the user.';

/** Where a run puts its files. */
export interface ReporterPaths {
  /** folder against which test files are named */
  readonly root: string;
  readonly outDirectory: string;
  readonly testsDirectory: string;
}

/** Collects what became of the tests of a run. */
export class RunReporter implements Reporter {
  readonly #paths: ReporterPaths;
  readonly #onTest: (report: TestReport) => void;
  readonly #tests = new Map<string, TestReport>();
  readonly #errors: ErrorReport[] = [];
  #stopReason: string | undefined;

  /** @param onTest - called with every test as soon as it has ended */
  constructor(paths: ReporterPaths, onTest: (report: TestReport) => void) {
    this.#paths = paths;
    this.#onTest = onTest;
  }

  /** all tests in the order in which they ended */
  get tests(): readonly TestReport[] {
    return [...this.#tests.values()];
  }

  /** errors outside any test */
  get errors(): readonly ErrorReport[] {
    return this.#errors;
  }

  /** Says that the run ends early: tests that have not ended are skipped, and what Vitest says of dead workers does not count. */
  stop(reason: string): void {
    this.#stopReason = reason;
  }

  /** Whether a test of a file has been reported. */
  hasTestsOf(file: string): boolean {
    const name = this.#nameOf(file);
    return this.tests.some((test) => test.file === name);
  }

  /** Adds the tests of modules that have not been reported: a run that was stopped has not come to them. */
  addUnrun(modules: readonly TestModule[]): void {
    for (const testCase of modules.flatMap((module) => [...module.children.allTests()])) {
      if (!this.#tests.has(testCase.id)) this.#tests.set(testCase.id, this.#report(testCase));
    }
  }

  /** called by Vitest */
  onTestCaseResult(testCase: TestCase): void {
    if (testCase.result().state === 'pending') return; // told at the end
    const isNew = !this.#tests.has(testCase.id); // Vitest tells of a cancelled test twice
    const report = this.#report(testCase);
    this.#tests.set(report.id, report);
    if (isNew) this.#onTest(report);
  }

  /** called by Vitest */
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const errors = modules.flatMap((module) => [
      ...module.errors(),
      ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
    ]);
    const isOfStop = ({ message }: SerializedError): boolean => this.#stopReason !== undefined && message.startsWith('[vitest-');
    this.#errors.push(...[...errors, ...unhandled].filter((error) => !isOfStop(error)).map(errorReport));
    this.addUnrun(modules);
  }

  #nameOf(file: string): string {
    return slashes(relative(this.#paths.root, file));
  }

  #report(testCase: TestCase): TestReport {
    const { outDirectory, testsDirectory } = this.#paths;
    const result = testCase.result();
    const { alpyBlame: blame } = testCase.meta();
    const blamed: readonly ErrorReport[] = blame === undefined ? [] : [{ message: blame, fault: 'environment' }];
    const errors = [...blamed, ...(result.errors ?? []).map(errorReport)];
    const name = testCase.meta().alpyDirectory;
    const directory = name === undefined ? undefined : join(testsDirectory, name);
    const { alpyOverload: overload } = testCase.meta();
    const note = result.state === 'skipped' ? result.note : undefined;
    const isUnrun = this.#stopReason !== undefined && (result.state === 'pending' || note === cancelledNote);
    const skipReason = isUnrun ? this.#stopReason : note;
    return {
      id: testCase.id,
      name: testCase.name,
      fullName: testCase.fullName,
      file: this.#nameOf(testCase.module.moduleId),
      status: isUnrun ? 'skipped' : statusOf(result.state, errors),
      durationMs: testCase.diagnostic()?.duration ?? 0,
      errors,
      ...(directory === undefined ? {} : { directory: slashes(relative(outDirectory, directory)) }),
      artifacts: directory === undefined ? [] : filesBelow(directory).map((file) => slashes(relative(outDirectory, file))),
      steps: directory === undefined ? [] : stepsIn(directory),
      ...(skipReason === undefined ? {} : { skipReason }),
      ...(overload === undefined ? {} : { overload }),
    };
  }
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function stepsIn(directory: string): readonly StepReport[] {
  try {
    return stepTree(parseEvents(readPlainSync(join(directory, 'events.ndjson'))));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
