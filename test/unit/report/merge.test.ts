// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mergeOutputs, readRunJson, writeRunJson, type RunReport, type TestReport } from '../../../src/report/index.ts';
import { runReport, testReport } from './build.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'alpy-merge-'));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

/** A test whose folder contains one file. */
function testWithFile(file: string, name: string, difference: Partial<TestReport> = {}): TestReport {
  const directory = `tests/${name}`;
  return testReport({ file, fullName: name, directory, artifacts: [`${directory}/link0.pcap`], ...difference });
}

/** Writes the output of a shard. Each file contains the number of its shard. */
async function shard(index: number, tests: readonly TestReport[], difference: Partial<RunReport> = {}): Promise<string> {
  const directory = join(root, `out/shard-${index}`);
  for (const artifact of tests.flatMap(({ artifacts }) => artifacts)) {
    await mkdir(dirname(join(directory, artifact)), { recursive: true });
    await writeFile(join(directory, artifact), `${artifact} of ${index}`);
  }
  await writeRunJson(directory, runReport(tests, { shard: { index, total: 2, plan: 'p' }, ...difference }));
  return directory;
}

const merge = (directories: readonly string[], out = 'out'): Promise<RunReport> =>
  mergeOutputs({ directories, out: join(root, out), outPath: out });

test('tests of all shards are in one report, sorted by file, and files of shards inside its folder stay where they are', async () => {
  const failed = { status: 'failed', errors: [{ message: 'no answer' }] } as const;
  const directories = [
    await shard(1, [testWithFile('b.test.ts', 'b', failed)], {
      durationMs: 5000,
      environment: { accel: 'kvm', docker: '28' },
      projectPath: 'router',
    }),
    await shard(2, [testWithFile('c.test.ts', 'c'), testWithFile('a.test.ts', 'a')], {
      durationMs: 7000,
      environment: { accel: 'tcg', docker: '28' },
      projectPath: 'router',
    }),
  ];
  const merged = await merge(directories);
  expect(merged).toMatchObject({
    durationMs: 7000,
    exitStatus: 1,
    environment: { accel: 'kvm | tcg', docker: '28' },
    projectPath: 'router',
    tests: [
      { id: '2:1', fullName: 'a', directory: 'shard-2/tests/a', artifacts: ['shard-2/tests/a/link0.pcap'] },
      { id: '1:1', fullName: 'b', artifacts: ['shard-1/tests/b/link0.pcap'] },
      { id: '2:1', fullName: 'c' },
    ],
  });
  expect(merged.shard).toBeUndefined();
  expect((await readdir(join(root, 'out'))).sort()).toEqual([
    'junit.xml',
    'metrics.txt',
    'report',
    'run.json',
    'shard-1',
    'shard-2',
  ]);
  expect(await readRunJson(join(root, 'out/run.json'))).toMatchObject({ exitStatus: 1 });
  expect(await readFile(join(root, 'out/junit.xml'), 'utf8')).toContain('out/shard-1/tests/b/link0.pcap');
});

test('files of shards outside of the folder are copied, each test’s folder under a unique name', async () => {
  const directories = [await shard(1, [testWithFile('a.test.ts', 'same')]), await shard(2, [testWithFile('b.test.ts', 'same')])];
  const { tests } = await merge(directories, 'merged');
  const contents = await Promise.all(tests.map(({ artifacts }) => readFile(join(root, 'merged', artifacts[0]!), 'utf8')));
  expect(contents).toEqual(['tests/same/link0.pcap of 1', 'tests/same/link0.pcap of 2']);
  expect(new Set(tests.map(({ directory }) => directory)).size).toBe(2);
});

test('shards that are missing, repeated, or do not belong together are rejected', async () => {
  const [one, two] = [await shard(1, []), await shard(2, [])];
  await expect(merge([one])).rejects.toThrow('got no results of shard 2 of 2');
  await expect(merge([one, two, one])).rejects.toThrow('got the results of shard 1 twice');
  await shard(2, [], { shard: { index: 2, total: 2, plan: 'other' } });
  await expect(merge([one, two])).rejects.toThrow('the shards did not agree');
  await writeRunJson(two, runReport([]));
  await expect(merge([one, two])).rejects.toThrow(/expected the results of a shard in .*shard-2, got those of all tests/);
  await writeFile(join(two, 'run.json'), '{"schema');
  await expect(merge([one, two])).rejects.toThrow(/cannot read .*shard-2\/run\.json/);
  await expect(merge([join(root, 'none')])).rejects.toThrow(/cannot read .*none\/run\.json/);
  await expect(merge([one], 'out/shard-1')).rejects.toThrow(/is the output of a shard and would be overwritten/);
});

test('a shard that was stopped is an error of the environment: the tests that it skipped have no result', async () => {
  const skipped = { status: 'skipped', skipReason: 'stopped by SIGTERM' } as const;
  const directories = [
    await shard(1, [testWithFile('a.test.ts', 'a')]),
    await shard(2, [testReport({ file: 'b.test.ts', ...skipped })], { exitStatus: 143 }),
  ];
  const merged = await merge(directories);
  expect(merged).toMatchObject({ exitStatus: 3, errors: [{ code: 'ALPY_ENVIRONMENT', fault: 'environment' }] });
});

test('if no shard has run a test, that is a usage error, because a filter matched nothing', async () => {
  const merged = await merge([await shard(1, []), await shard(2, [])]);
  expect(merged).toMatchObject({ exitStatus: 2, errors: [{ code: 'ALPY_USAGE' }] });
});
