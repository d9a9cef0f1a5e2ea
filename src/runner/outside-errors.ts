// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import type { SerializedError } from 'vitest/node';
import { notesOf } from '../core/errors.ts';
import { plainText, slashes } from '../core/text.ts';
import { errorReports, type ErrorReport } from '../report/index.ts';

/** Most tests that are named. */
const maxTests = 5;

/**
 * Reports of an error that Vitest reports outside any test, with the names of the tests that were running.
 * @param directory - places and files are relative to it
 */
export function outsideReports(error: SerializedError, directory: string): readonly ErrorReport[] {
  if (notesOf(error).isOfTest) return []; // its test has reported it
  const tests = runningTests(error, directory);
  const reports = errorReports(error, directory);
  if (tests.length === 0) return reports;
  const more = tests.length > maxTests ? ` and ${tests.length - maxTests} more tests` : '';
  const note = plainText(`(while ${tests.slice(0, maxTests).join(', ')}${more} ran)`);
  return reports.map((report) => ({ ...report, message: `${report.message}\n${note}` }));
}

/** From the worker, or else the test that began last, from Vitest. */
function runningTests(error: object, directory: string): readonly string[] {
  const { tests } = notesOf(error);
  if (tests) return tests;
  const { VITEST_TEST_NAME: name, VITEST_TEST_PATH: path } = error as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') return [];
  return [typeof path === 'string' ? `${slashes(relative(directory, path))} > ${name}` : name];
}
