// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runJson, writeRunJson } from '../../../src/report/run-json.ts';
import { summaryLines } from '../../../src/report/terminal.ts';
import { runReport, testReport } from './build.ts';

test('the summary says what went wrong, where the files are, and how many tests passed', () => {
  const tests = [
    testReport(),
    testReport({ status: 'skipped', skipReason: 'no KVM here' }),
    testReport({ status: 'skipped' }),
    testReport({
      status: 'failed',
      fullName: 'a\nb',
      errors: [{ message: 'wanted 1\nfound 2', diff: '- 1\n+ 2', fault: 'device' }, { message: '3 passed, 0 failed' }],
      directory: 'tests/forward-a-b',
    }),
    testReport({ status: 'error', errors: [{ message: 'no Docker', code: 'ALPY_ENVIRONMENT', fault: 'environment' }] }),
  ];
  const errors = [{ message: 'cannot load b.test.ts' }];
  expect(summaryLines(runReport(tests, { errors }), 'alpy-out')).toEqual([
    'SKIPPED tests/forward/forward.test.ts > rabbit > forwards IPv4: no KVM here',
    'SKIPPED tests/forward/forward.test.ts > rabbit > forwards IPv4',
    '',
    'FAILED tests/forward/forward.test.ts > a\\nb (1.23 s)',
    '  wanted 1',
    '  found 2',
    '',
    '  - 1',
    '  + 2',
    '',
    '  3 passed, 0 failed',
    '',
    '  see alpy-out/tests/forward-a-b',
    '',
    'ERROR tests/forward/forward.test.ts > rabbit > forwards IPv4 (1.23 s)',
    '  no Docker',
    '  (ALPY_ENVIRONMENT)',
    '',
    'ERROR outside any test',
    '  cannot load b.test.ts',
    '',
    "Took 65.43 s; device's fault: 1, other errors: 2",
    '1 passed, 3 failed, 2 skipped',
  ]);
});

test('the summary of a successful run is short', () => {
  expect(summaryLines(runReport([testReport()]), 'alpy-out')).toEqual([
    '',
    "Took 65.43 s; device's fault: 0, other errors: 0",
    '1 passed, 0 failed',
  ]);
});

test('a very long message is shortened in the middle', () => {
  const lines = summaryLines(
    runReport([testReport({ status: 'failed', errors: [{ message: `a${'😀'.repeat(5000)}b` }] })]),
    'alpy-out',
  );
  expect(lines[2]).toBe(`  a${'😀'.repeat(499)}\ufffd`);
  expect(lines.slice(3, 5)).toEqual(['  … 8002 characters left out …', `  \ufffd${'😀'.repeat(499)}b`]);
});

test('run.json contains the report and the version of its format', async () => {
  const report = runReport([testReport({ status: 'failed', errors: [{ message: '\u0000\ud800' }] })]);
  expect(JSON.parse(runJson(report))).toEqual({ schemaVersion: 1, ...report });
  await using made = await mkdtempDisposable(join(tmpdir(), 'alpy-report-'));
  await writeRunJson(join(made.path, 'out'), report);
  expect(await readFile(join(made.path, 'out/run.json'), 'utf8')).toBe(runJson(report));
  expect(await readdir(join(made.path, 'out'))).toEqual(['run.json']);
});

test('a report that cannot be written is an environment error', async () => {
  await expect(writeRunJson('/dev/null', runReport([]))).rejects.toMatchObject({
    message: "cannot write /dev/null/run.json: EEXIST: file already exists, mkdir '/dev/null'",
    fault: 'environment',
  });
});
