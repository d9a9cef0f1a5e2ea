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
  const reports = errorReports(error, directory);
  const origin = originOf(error, directory);
  if (origin === undefined) return reports;
  return reports.map((report) => ({ ...report, message: plainText(`${report.message}\n(${origin})`) }));
}

function originOf(error: object, directory: string): string | undefined {
  const { endedTest } = notesOf(error);
  if (endedTest !== undefined) return `from ${endedTest}, which had ended`;
  const tests = runningTests(error, directory);
  if (tests.length === 0) return undefined;
  const more = tests.length > maxTests ? ` and ${tests.length - maxTests} more tests` : '';
  return `while ${tests.slice(0, maxTests).join(', ')}${more} ran`;
}

/** From the worker, or else the test that began last, from Vitest. */
function runningTests(error: object, directory: string): readonly string[] {
  const { tests } = notesOf(error);
  if (tests) return tests;
  const { VITEST_TEST_NAME: name, VITEST_TEST_PATH: path } = error as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string') return [];
  return [typeof path === 'string' ? `${slashes(relative(directory, path))} > ${name}` : name];
}
