// SPDX-License-Identifier: GPL-3.0-or-later
import { posix } from 'node:path';
import type { ErrorReport, JobReport, RunReport, TestReport } from './model.ts';
import { exitStatusOf } from './status.ts';

/** The results of one shard, and where its files are in the merged output. */
export interface ShardResults {
  readonly report: RunReport;
  /** maps the path of a test's folder in the shard's output to that in the merged output; both with forward slashes */
  readonly directoryOf: (directory: string) => string;
}

/**
 * Merges the reports of all shards. Tests are sorted by file. The duration is that of the longest shard, because shards run in
 * parallel. If the shards' environments differ, each value lists all variants. Pure.
 * @param job - the job that merges; absent outside GitLab
 */
export function mergeReports(shards: readonly [ShardResults, ...ShardResults[]], job?: JobReport): RunReport {
  const reports = shards.map(({ report }) => report);
  const tests = shards.flatMap((shard, index) => shard.report.tests.map((test) => moved(test, shard, index)));
  const known = [...reports.flatMap((report) => report.errors), ...stopErrors(reports)];
  const errors = tests.length === 0 && known.length === 0 ? [nothingRan] : known;
  const sorted = tests.sort((a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1));
  const flaky: Pick<RunReport, 'failsOnFlaky'> = reports.some((one) => one.failsOnFlaky) ? { failsOnFlaky: true } : {};
  const { alpyVersion, projectPath } = shards[0].report;
  return {
    alpyVersion,
    startedAt: reports.map(({ startedAt }) => startedAt).sort()[0] ?? '',
    durationMs: Math.max(...reports.map(({ durationMs }) => durationMs)),
    environment: joined(reports.map(({ environment }) => environment)),
    tests: sorted,
    errors,
    exitStatus: exitStatusOf({ tests, errors, ...flaky }),
    ...flaky,
    ...(projectPath === undefined ? {} : { projectPath }),
    ...(job === undefined ? {} : { job }),
  };
}

/** The tests that a stopped shard skipped have no result, so the whole has not passed. */
function stopErrors(reports: readonly RunReport[]): readonly ErrorReport[] {
  return reports.flatMap(({ exitStatus, shard }, index) => {
    if (exitStatus < 128) return [];
    const message = `shard ${shard?.index ?? index + 1} was stopped (exit status ${exitStatus}), so some of its tests did not run`;
    return [{ message, code: 'ALPY_ENVIRONMENT', fault: 'environment' } as const];
  });
}

/** A filter that matches nothing in one shard may match in another, so only the merge can know that it matched nothing at all. */
const nothingRan: ErrorReport = {
  message: 'no shard has run a test: check the filters of alpy run',
  code: 'ALPY_USAGE',
  fault: 'usage',
};

function moved(test: TestReport, { directoryOf }: ShardResults, shard: number): TestReport {
  const id = `${shard + 1}:${test.id}`; // ids are unique only within a shard
  const { directory } = test;
  if (directory === undefined) return { ...test, id };
  const to = directoryOf(directory);
  const artifacts = test.artifacts.map((file) => posix.join(to, posix.relative(directory, file)));
  return { ...test, id, directory: to, artifacts };
}

function joined(environments: readonly RunReport['environment'][]): RunReport['environment'] {
  const names = new Set(environments.flatMap((environment) => Object.keys(environment)));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      [...new Set(environments.flatMap((one) => (Object.hasOwn(one, name) ? (one[name] ?? []) : [])))].join(' | '),
    ]),
  );
}
