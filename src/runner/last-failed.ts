// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { hasFailed, readRunJson, readStoredResults, storedResultsFile, type TestReport } from '../report/index.ts';

/**
 * Reads which tests failed or could not run in the last run.
 * @param outDirectory - its output directory, absolute
 * @returns their full names by file, relative to the current directory of that run
 * @throws UsageError if there was no run, or no such test
 */
export async function readLastFailed(outDirectory: string): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const failed = new Map<string, Set<string>>();
  const { tests, errors } = await lastRun(outDirectory);
  for (const { file, fullName } of tests.filter(isUnfinished)) failed.set(file, (failed.get(file) ?? new Set()).add(fullName));
  if (failed.size > 0) return failed;
  const rest = errors.length > 0 ? ', but it had errors outside any test' : '';
  throw new UsageError(`--last-failed: no test failed in the last run${rest}. Run all tests with alpy run`);
}

async function lastRun(outDirectory: string): ReturnType<typeof readRunJson> {
  const file = join(outDirectory, 'run.json');
  if (existsSync(file)) return readRunJson(file);
  if (existsSync(join(outDirectory, storedResultsFile))) return readStoredResults(outDirectory);
  throw new UsageError(`--last-failed: there is no ${file}, so it is unknown which tests failed. Run all tests with alpy run`);
}

function isUnfinished(test: TestReport): boolean {
  return hasFailed(test) || test.notRun === true;
}
