// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BugError, DeviceError, EnvironmentError, UsageError } from '../../../../src/core/errors.ts';
import { outcomeOfError, reportOutcome } from '../../../../src/gitlab/executor/index.ts';
import { outcomeOfStatus } from '../../../../src/gitlab/executor/outcome.ts';
import { isAfterScripts, isPredefined } from '../../../../src/gitlab/executor/stages/sub-stages.ts';
import { SessionError } from '../../../../src/session/index.ts';
import { folder } from './make.ts';

const failure = { kind: 'failure', exitCode: 77 } as const;

test('the exit statuses are those that the runner sets', async () => {
  const env = { BUILD_FAILURE_EXIT_CODE: '11', SYSTEM_FAILURE_EXIT_CODE: '12' };
  expect(await reportOutcome({ kind: 'success' }, env)).toBe(0);
  expect(await reportOutcome(failure, env)).toBe(11);
  expect(await reportOutcome({ kind: 'system' }, env)).toBe(12);
});

test.each([[{}], [{ BUILD_FAILURE_EXIT_CODE: '', SYSTEM_FAILURE_EXIT_CODE: 'x' }]])(
  'the exit statuses are 1 and 2 if the runner sets none: %j',
  async (env: Readonly<Record<string, string>>) => {
    expect([await reportOutcome(failure, env), await reportOutcome({ kind: 'system' }, env)]).toEqual([1, 2]);
  },
);

test("a script's exit status is written to a file, which the next outcome removes", async () => {
  const file = join(await folder(), 'build_exit_code');
  const env = { BUILD_EXIT_CODE_FILE: file };
  await reportOutcome(failure, env);
  expect(await readFile(file, 'utf8')).toBe('77\n');
  for (const kind of ['success', 'system'] as const) {
    await writeFile(file, '77\n');
    await reportOutcome({ kind }, env);
    expect(existsSync(file)).toBe(false);
    await reportOutcome({ kind }, env); // the file is missing
  }
});

test("any status of a script except 0 is the job's failure", () => {
  expect([0, 1, 3, 137, 255].map(outcomeOfStatus)).toEqual([
    { kind: 'success' },
    ...[1, 3, 137, 255].map((exitCode) => ({ kind: 'failure', exitCode })),
  ]);
});

test('the fault of an error decides whether the job or the system fails', () => {
  expect(outcomeOfError(new UsageError('x'))).toEqual({ kind: 'failure', exitCode: 2 });
  expect(outcomeOfError(new DeviceError('x'))).toEqual({ kind: 'failure', exitCode: 1 });
  expect(outcomeOfError(new SessionError('x', 'ALPY_CONFIG', 'usage'))).toEqual({ kind: 'failure', exitCode: 2 });
  const others = [
    new EnvironmentError('x'),
    new BugError('x'),
    new SessionError('x', 'ALPY_X', 'environment'),
    new Error('x'),
    5,
  ];
  for (const error of others) expect(outcomeOfError(error)).toEqual({ kind: 'system' });
});

test("predefined stages run on the runner's machine, all others in the job's container", () => {
  const before = ['prepare_script', 'get_sources', 'clear_worktree', 'restore_cache', 'download_artifacts'];
  const after = [
    ...['archive_cache', 'archive_cache_on_failure', 'upload_artifacts_on_success', 'upload_artifacts_on_failure'],
    'cleanup_file_variables',
  ];
  const users = ['build_script', 'step_script', 'step_release', 'after_script', 'something_new', '', 'Get_Sources'];
  expect([...before, ...after].filter((stage) => !isPredefined(stage))).toEqual([]);
  expect(users.filter(isPredefined)).toEqual([]);
  expect([...before, ...after, ...users].filter(isAfterScripts)).toEqual(after);
});
