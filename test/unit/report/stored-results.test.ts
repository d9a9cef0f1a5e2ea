// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFile, mkdtempDisposable, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeOutputs, readStoredResults, StoredResults, storedResultsFile } from '../../../src/report/index.ts';
import { testReport } from './build.ts';

const head = { alpyVersion: '1.2.3', startedAt: '2026-11-24T01:02:03.000Z', environment: { accel: 'tcg' } };

test('every result is stored as soon as its test has ended, and the stored results of a dead run can be merged', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-stored-'));
  await writeFile(join(made.path, storedResultsFile), 'of an earlier run\n');
  const stored = new StoredResults(made.path);
  stored.begin(head);
  const tests = [testReport(), testReport({ id: '2', status: 'failed', errors: [{ message: 'no', fault: 'device' }] })];
  for (const [index, one] of tests.entries()) {
    stored.add(one);
    expect((await readFile(join(made.path, storedResultsFile), 'utf8')).split('\n')).toHaveLength(index + 3);
  }
  await appendFile(join(made.path, storedResultsFile), '{"test":{"id":"3","na'); // the run died here
  const report = await readStoredResults(made.path);
  expect(report).toMatchObject({ ...head, tests, exitStatus: 1 });
  expect(report.errors).toMatchObject([{ message: /ended before it could write its reports.* 2 tests/, fault: 'environment' }]);
  const merged = await mergeOutputs({ directories: [made.path], out: join(made.path, 'merged'), outPath: 'merged' });
  expect(merged.tests.map(({ status }) => status)).toEqual(['passed', 'failed']);
  expect(await readFile(join(made.path, 'merged', 'junit.xml'), 'utf8')).toContain('<failure');
  stored.remove();
  expect(await readdir(made.path)).toEqual(['merged']);
});

test('results that cannot be stored do not fail a test, and the reason is kept', () => {
  const stored = new StoredResults('/dev/null');
  stored.begin(head);
  stored.add(testReport());
  stored.remove();
  expect(stored.failure?.message).toMatch(/^cannot store results in \/dev\/null\/results\.ndjson: ENOTDIR/);
});
