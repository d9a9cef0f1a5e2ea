// SPDX-License-Identifier: GPL-3.0-or-later
// Several jobs share the test files of a project.
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { writeBlankDisk } from '../support/blank-disk.ts';
import { Project } from '../support/cli.ts';

let project: Project;

beforeAll(async () => {
  const trivial = "import { test } from 'alpy/test';\ntest('nothing', () => {});\n";
  project = await Project.create({
    'alpy.yaml': 'appliance: { image: blank.raw, memoryMiB: 64 }\ntopology: { links: 0 }\naccel: tcg\n',
    'tests/a.test.ts': trivial,
    'tests/b.test.ts': trivial,
    'durations.json': '{"tests/a.test.ts": 1, "tests/b.test.ts": 60}',
  });
  await writeBlankDisk(project.path('blank.raw'));
  return () => project[Symbol.asyncDispose]();
});

async function filesRun(): Promise<{ readonly files: readonly string[]; readonly plan: string | undefined }> {
  const { tests, shard } = JSON.parse(await readFile(project.path('alpy-out', 'run.json'), 'utf8')) as {
    tests: { file: string }[];
    shard?: { plan: string };
  };
  return { files: tests.map(({ file }) => file), plan: shard?.plan };
}

test('each shard runs its own files, and all have the same plan', async () => {
  const first = await project.run(['run', '--shard', '1/2']);
  expect(first.stdout).toContain('shard: 1/2, 1 of 2 test files (by count)\n');
  const ofFirst = await filesRun();
  const second = await project.run(['run'], { CI_NODE_INDEX: '2', CI_NODE_TOTAL: '2' });
  expect(second.stdout).toContain('shard: 2/2, 1 of 2 test files (by count)\n');
  const ofSecond = await filesRun();
  expect([first.status, second.status]).toEqual([0, 0]);
  expect([ofFirst.files, ofSecond.files]).toEqual([['tests/a.test.ts'], ['tests/b.test.ts']]);
  expect(ofFirst.plan).toBe(ofSecond.plan);
});

test('the longest file comes first if durations are known', async () => {
  const { status, stdout } = await project.run(['run', '--shard', '1/2', '--durations', 'durations.json']);
  expect(stdout).toContain('shard: 1/2, 1 of 2 test files (by duration)\n');
  expect([status, (await filesRun()).files]).toEqual([0, ['tests/b.test.ts']]);
});

test('a shard without any file passes and writes its reports', async () => {
  const { status, stdout } = await project.run(['run', '--shard', '3/3'], { CI_JOB_URL: 'https://gitlab.example/job/1' });
  expect([status, stdout.trim().split('\n').at(-1)]).toEqual([0, '0 passed, 0 failed']);
  expect(await readFile(project.path('alpy-out', 'junit.xml'), 'utf8')).toContain('<testsuites');
  expect(await readFile(project.path('alpy-out', 'metrics.txt'), 'utf8')).toContain('alpy_tests{status="passed"} 0\n');
  expect(await readFile(project.path('alpy-out', 'annotations.json'), 'utf8')).toContain(
    'https://gitlab.example/job/1/artifacts/file/alpy-out/report/index.html',
  );
});

test('an impossible shard is a usage error', async () => {
  const { status, stderr } = await project.run(['run', '--shard', '3/2']);
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^alpy: --shard: .*"3\/2".* \(ALPY_USAGE\)\n$/)]);
});
