// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { shardDurations } from '../../../src/cli/run/durations.ts';
import { FakeGitLab, projectToken } from '../gitlab/fake-gitlab.ts';

test('durations of the last pipeline, whose files are named from the project, are those of the files that this run names', async () => {
  await using gitlab = await FakeGitLab.start();
  gitlab.pipelines = [{ id: 40, ref: 'main', status: 'success', updated_at: '2026-11-20T09:00:00Z' }];
  const files = ['packages/router/tests/a.test.ts', 'packages/shared/b.test.ts'];
  gitlab.reports = { 40: { test_suites: [{ test_cases: files.map((file) => ({ file, execution_time: 2 })) }] } };
  const env = {
    CI_API_V4_URL: gitlab.apiUrl,
    CI_PROJECT_ID: '1',
    CI_JOB_ID: '7',
    CI_DEFAULT_BRANCH: 'main',
    CI_PIPELINE_CREATED_AT: '2026-11-20T12:00:00Z',
    CI_PROJECT_DIR: '/builds/g/p',
    ALPY_GITLAB_TOKEN: projectToken.value,
  };
  const ignore = (): undefined => undefined;
  const { signal } = new AbortController();
  const io = { env, directory: '/builds/g/p/packages/router', signal, stdout: ignore, stderr: ignore, exitWith: ignore };
  expect(await shardDurations(io, 2)).toEqual(
    new Map([
      ['tests/a.test.ts', 2],
      ['../shared/b.test.ts', 2],
    ]),
  );
});
