// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runJson, type RunReport } from '../../../src/report/index.ts';
import { readLastFailed } from '../../../src/runner/last-failed.ts';
import { runReport, testReport } from '../report/build.ts';

/** What is found after a run with this report; without one, after no run. */
async function lastFailed(report?: RunReport): Promise<unknown> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alpy-last-'));
  if (report) await writeFile(join(folder.path, 'run.json'), runJson(report));
  return await readLastFailed(folder.path).catch((error: unknown) => String(error).replace(folder.path, 'alpy-out'));
}

test('tests that failed, and those that did not run, are found by their files', async () => {
  const tests = [
    testReport({ fullName: 'passes' }),
    testReport({ fullName: 'fails', status: 'failed' }),
    testReport({ fullName: 'breaks', status: 'error' }),
    testReport({ fullName: 'is skipped', status: 'skipped' }),
    testReport({ fullName: 'never ran', status: 'skipped', notRun: true, file: 'tests/other.test.ts' }),
  ];
  expect(await lastFailed(runReport(tests))).toEqual(
    new Map([
      ['tests/forward/forward.test.ts', new Set(['fails', 'breaks'])],
      ['tests/other.test.ts', new Set(['never ran'])],
    ]),
  );
});

test('without a last run, the error says which file is missing, and what to do', async () => {
  expect(await lastFailed()).toBe(
    'UsageError: --last-failed: there is no alpy-out/run.json, so it is unknown which tests failed. Run all tests with alpy run',
  );
});

test('if no test failed, the error says so, and names errors outside any test', async () => {
  const passed = runReport([testReport()]);
  expect(await lastFailed(passed)).toBe('UsageError: --last-failed: no test failed in the last run. Run all tests with alpy run');
  const errors = [{ name: 'Error', message: 'no daemon', fault: 'environment' }] as const;
  expect(await lastFailed({ ...passed, errors })).toContain(
    'no test failed in the last run, but it had errors outside any test. Run all tests',
  );
});
