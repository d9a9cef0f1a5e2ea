// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import type { SerializedError } from 'vitest/node';
import { plainText, slashes } from '../core/text.ts';
import { errorReports, type ErrorReport } from '../report/index.ts';

/** Fields of an error that no test has caught. */
interface UncaughtError {
  /** tests that were running, from the worker: see `nameRunningTests` */
  readonly alpyTests?: unknown;
  /** set by Vitest: the test that began last */
  readonly VITEST_TEST_NAME?: unknown;
  /** set by Vitest: its file */
  readonly VITEST_TEST_PATH?: unknown;
}

/** Most tests that are named. */
const maxTests = 5;

/**
 * Reports of an error outside any test, with the names of the tests that were running.
 * @param directory - places and files are relative to it
 */
export function outsideReports(error: SerializedError, directory: string): readonly ErrorReport[] {
  const tests = runningTests(error as UncaughtError, directory);
  const reports = errorReports(error, directory);
  if (tests.length === 0) return reports;
  const more = tests.length > maxTests ? ` and ${tests.length - maxTests} more tests` : '';
  const note = plainText(`(while ${tests.slice(0, maxTests).join(', ')}${more} ran)`);
  return reports.map((report) => ({ ...report, message: `${report.message}\n${note}` }));
}

function runningTests(error: UncaughtError, directory: string): readonly string[] {
  const { alpyTests: tests, VITEST_TEST_NAME: name, VITEST_TEST_PATH: path } = error;
  if (Array.isArray(tests)) return tests.map(String);
  if (typeof name !== 'string') return [];
  return [typeof path === 'string' ? `${slashes(relative(directory, path))} > ${name}` : name];
}
