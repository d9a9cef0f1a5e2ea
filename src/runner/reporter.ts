// SPDX-License-Identifier: GPL-3.0-or-later
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';
import { codeOf } from '../core/errors.ts';
import { slashes } from '../core/text.ts';
import {
  errorReports,
  parseEvents,
  statusOf,
  stepTree,
  type ErrorReport,
  type StepReport,
  type TestReport,
} from '../report/index.ts';

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
    this.#errors.push(...[...errors, ...unhandled].flatMap(errorReports));
    for (const testCase of modules.flatMap((module) => [...module.children.allTests()])) {
      if (!this.#tests.has(testCase.id)) this.#tests.set(testCase.id, this.#report(testCase));
    }
  }

  #report(testCase: TestCase): TestReport {
    const { root, outDirectory, testsDirectory } = this.#paths;
    const result = testCase.result();
    const errors = (result.errors ?? []).flatMap(errorReports);
    const name = testCase.meta().alpyDirectory;
    const directory = name === undefined ? undefined : join(testsDirectory, name);
    const { alpyOverload: overload } = testCase.meta();
    const skipReason = result.state === 'skipped' ? result.note : undefined;
    return {
      id: testCase.id,
      name: testCase.name,
      fullName: testCase.fullName,
      file: slashes(relative(root, testCase.module.moduleId)),
      status: statusOf(result.state, errors),
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
    return stepTree(parseEvents(readFileSync(join(directory, 'events.ndjson'), 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
