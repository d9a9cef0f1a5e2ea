// SPDX-License-Identifier: GPL-3.0-or-later
// Two jobs of a merge request's pipeline share the tests; a third shows their results.
import { rename, rm } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';
import { FakeGitLab, jobToken, projectToken } from '../unit/gitlab/fake-gitlab.ts';

let gitlab: FakeGitLab;
let project: Project;

beforeAll(async () => {
  const trivial = "import { test } from 'alpy/test';\ntest('nothing', () => {});\n";
  gitlab = await FakeGitLab.start();
  gitlab.pipelines = [{ id: 41, ref: 'main', status: 'success', updated_at: '2026-11-20T10:00:00Z' }];
  const cases = [
    { file: 'tests/a.test.ts', execution_time: 1 },
    { file: 'tests/b.test.ts', execution_time: 50 },
  ];
  gitlab.reports = { 41: { test_suites: [{ test_cases: cases }] } };
  project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 0 }\naccel: tcg\n',
    'tests/a.test.ts': trivial,
    'tests/b.test.ts': trivial,
  });
  await writeBlankDisk(project.path('blank.raw'));
  return async () => {
    await project[Symbol.asyncDispose]();
    await gitlab[Symbol.asyncDispose]();
  };
});

function variables(jobId: number, difference: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return {
    CI_API_V4_URL: gitlab.apiUrl,
    CI_PROJECT_ID: '1',
    CI_JOB_ID: String(jobId),
    CI_JOB_NAME: 'alpy-publish',
    CI_JOB_URL: `https://gitlab.example/g/p/-/jobs/${jobId}`,
    CI_PROJECT_DIR: project.directory,
    CI_COMMIT_SHA: 'a'.repeat(40),
    CI_DEFAULT_BRANCH: 'main',
    CI_MERGE_REQUEST_IID: '3',
    CI_PIPELINE_CREATED_AT: '2026-11-20T12:00:00Z',
    CI_JOB_TOKEN: jobToken.value,
    ALPY_GITLAB_TOKEN: projectToken.value,
    ...difference,
  };
}

test('shards are balanced by the durations of the last pipeline, and their results become one note', async () => {
  for (const index of [1, 2]) {
    const shard = { CI_NODE_INDEX: String(index), CI_NODE_TOTAL: '2' };
    const { status, stdout, stderr } = await project.run(['run', '--out', `alpy-out/shard-${index}`], variables(index, shard));
    expect([status, stdout], stderr).toEqual([0, expect.stringContaining('1 of 2 test files (by duration)')]);
  }
  const { status, stdout, stderr } = await project.run(['publish', '--name', 'rabbit'], variables(3));
  expect([status, stdout], stderr).toEqual([0, 'note on merge request !3 created\ncommit status alpy/rabbit set\n']);
  expect(gitlab.notes).toHaveLength(1);
  expect(gitlab.notes[0]?.body).toContain('<!-- alpy:rabbit -->\n\n**2 passed, 0 failed**');
  expect(gitlab.notes[0]?.body).toContain('/jobs/2/artifacts/file/alpy-out/shard-2/report/index.html');
  expect(gitlab.statuses).toEqual([expect.objectContaining({ state: 'success', name: 'alpy/rabbit' })]);
});

test('without permission, files are divided by number, and the job says so', async () => {
  const shard = { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '2', ALPY_GITLAB_TOKEN: '' };
  const { status, stdout } = await project.run(['run', '--out', 'alpy-out/other'], variables(1, shard));
  expect(status).toBe(0);
  expect(stdout).toContain('shards are balanced by the number of test files: could not read the test report of pipeline 41');
  expect(stdout).toContain('1 of 2 test files (by count)');
});

test('shards with different plans are an error, and so is a missing shard', async () => {
  const torn = await project.run(['publish'], variables(3));
  expect([torn.status, torn.stderr]).toEqual([3, expect.stringContaining('the shards did not agree on who runs which tests')]);
  await rm(project.path('alpy-out/other'), { recursive: true });
  await rename(project.path('alpy-out/shard-2'), project.path('elsewhere'));
  const missing = await project.run(['publish'], variables(3));
  expect([missing.status, missing.stderr]).toEqual([3, expect.stringContaining('no results of shard 2 of 2')]);
  expect(missing.stdout).toContain('note on merge request !3'); // it still prints the note
});

test('a job token is not enough, but that fails nothing', async () => {
  await rename(project.path('elsewhere'), project.path('alpy-out/shard-2'));
  const { status, stdout } = await project.run(['publish'], variables(3, { ALPY_GITLAB_TOKEN: '' }));
  expect([status, stdout]).toEqual([0, expect.stringContaining('a job token may not post notes')]);
});

test('outside GitLab, or without results, it says what it needs', async () => {
  const outside = await project.run(['publish']);
  expect([outside.status, outside.stderr]).toEqual([2, expect.stringContaining('alpy publish works only in a GitLab job')]);
  const empty = await project.run(['publish', 'tests'], variables(3));
  expect([empty.status, empty.stderr]).toEqual([2, expect.stringContaining('no run.json in')]);
});
