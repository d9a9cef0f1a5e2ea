// SPDX-License-Identifier: GPL-3.0-or-later
import { posix } from 'node:path';
import type { JobReport, RunReport, TestReport } from './model.ts';
import { exitStatusOf } from './status.ts';

/** The results of one shard, and where its files are to be found from the merged report. */
export interface ShardResults {
  readonly report: RunReport;
  /** new path of a folder of a test, both relative to the output directories, with forward slashes */
  readonly directoryOf: (directory: string) => string;
}

/**
 * One report of all shards: their tests by file, then as each shard had them. It took as long as the longest shard, since
 * they ran side by side. What they say of where they ran is joined where they differ. Pure.
 * @param job - the job that merges; absent outside GitLab
 */
export function mergeReports(shards: readonly [ShardResults, ...ShardResults[]], job?: JobReport): RunReport {
  const reports = shards.map(({ report }) => report);
  const tests = shards.flatMap((shard, index) => shard.report.tests.map((test) => moved(test, shard, index)));
  const errors = reports.flatMap((report) => report.errors);
  const sorted = tests.sort((a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1));
  return {
    alpyVersion: shards[0].report.alpyVersion,
    startedAt: reports.map(({ startedAt }) => startedAt).sort()[0] ?? '',
    durationMs: Math.max(...reports.map(({ durationMs }) => durationMs)),
    environment: joined(reports.map(({ environment }) => environment)),
    tests: sorted,
    errors,
    exitStatus: exitStatusOf({ tests, errors }),
    ...(job === undefined ? {} : { job }),
  };
}

function moved(test: TestReport, { directoryOf }: ShardResults, shard: number): TestReport {
  const id = `${shard + 1}:${test.id}`; // unique in a run, not in several
  const { directory } = test;
  if (directory === undefined) return { ...test, id };
  const to = directoryOf(directory);
  const artifacts = test.artifacts.map((file) => posix.join(to, posix.relative(directory, file)));
  return { ...test, id, directory: to, artifacts };
}

function joined(environments: readonly RunReport['environment'][]): RunReport['environment'] {
  const names = new Set(environments.flatMap((environment) => Object.keys(environment)));
  return Object.fromEntries(
    [...names].map((name) => [name, [...new Set(environments.flatMap((one) => one[name] ?? []))].join(' | ')]),
  );
}
