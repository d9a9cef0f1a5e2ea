// SPDX-License-Identifier: GPL-3.0-or-later
import { appendFile, lstat, mkdir, mkdtempDisposable, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  mergeOutputs,
  readRunJson,
  readStoredResults,
  StoredResults,
  storedResultsFile,
  writeReports,
} from '../../../src/report/index.ts';
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

test('no result or report is written through a link that stands in the output directory', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-stored-'));
  const [out, victim] = [join(made.path, 'out'), join(made.path, 'victim')];
  await writeFile(victim, 'precious');
  await mkdir(join(out, 'tests', 'one'), { recursive: true });
  const stored = new StoredResults(out);
  stored.begin(head);
  stored.add(testReport());
  await rm(join(out, storedResultsFile));
  await symlink(victim, join(out, storedResultsFile));
  stored.add(testReport({ id: '2' }));
  expect(stored.failure).toMatchObject({ fault: 'environment' });
  await expect(readStoredResults(out)).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  for (const name of ['run.json', 'run.json.part', 'junit.xml']) await symlink(victim, join(out, name));
  await expect(readRunJson(join(out, 'run.json'))).rejects.toMatchObject({ code: 'ALPY_USAGE' });
  const report = { ...head, durationMs: 1, tests: [], errors: [], exitStatus: 0 } as const;
  await writeReports(report, out, 'out');
  expect((await lstat(join(out, 'run.json'))).isFile()).toBe(true);
  expect(await readFile(victim, 'utf8')).toBe('precious');
});

test('a merge replaces links that stand where the files of tests belong', async () => {
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-stored-'));
  const [shard, out, victim] = ['shard', 'out', 'victim'].map((name) => join(made.path, name)) as [string, string, string];
  await writeFile(victim, 'precious');
  for (const folder of [shard, out]) await mkdir(join(folder, 'tests', 'one'), { recursive: true });
  await writeFile(join(shard, 'tests', 'one', 'console.log'), 'of the test');
  await symlink(victim, join(shard, 'tests', 'one', 'link'));
  await symlink(victim, join(out, 'tests', 'one', 'console.log'));
  const stored = new StoredResults(shard);
  stored.begin(head);
  stored.add(testReport({ directory: 'tests/one' }));
  await mergeOutputs({ directories: [shard], out, outPath: 'out' });
  expect(await readFile(join(out, 'tests', 'one', 'console.log'), 'utf8')).toBe('of the test');
  expect(await readdir(join(out, 'tests', 'one'))).toEqual(['console.log']);
  expect(await readFile(victim, 'utf8')).toBe('precious');
});
