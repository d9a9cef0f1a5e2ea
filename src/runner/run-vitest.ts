// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import type { TestModule, TestSpecification } from 'vitest/node';
import type { LoadedConfig } from '../config/index.ts';
import { nearest } from '../core/nearest.ts';
import { UsageError } from '../core/errors.ts';
import { slashes } from '../core/text.ts';
import type { ShardReport } from '../report/index.ts';
import { factsKey, type RunFacts } from './facts.ts';
import type { OpenedVitest } from './open-vitest.ts';
import type { Run, RunOptions } from './run-options.ts';
import { selectFiles, type Selection } from './selection.ts';
import { planHash, planShards } from './shard.ts';

/** @returns the shard that was run; `undefined` without shards */
export async function runVitest(
  { options, loading, reporter, selected, begin, end }: Run,
  environment: Readonly<Record<string, string>>,
  { vitest, testWorkers }: OpenedVitest,
  facts: Omit<RunFacts, 'testsPerFile'>,
): Promise<ShardReport | undefined> {
  const { selection, directory } = options;
  const files = await selectFiles(vitest, selection, directory);
  if (files.length === 0) throw noTests(selection, options.loaded);
  const { chosen, report } = inShard(files, options);
  await begin(environment, report); // not earlier: a mistyped filter must not remove the reports of the last run
  if (chosen.length === 0) return report; // more shards than files
  const workers = Math.min(facts.workers, chosen.length);
  const testsPerFile = Math.ceil(facts.workers / workers);
  selected.files = chosen;
  vitest.config.maxConcurrency = testsPerFile; // the number of files was not known earlier
  vitest.provide(factsKey, { ...facts, workers, testsPerFile });
  const { runSpecifications, readTests } = await loading;
  await runSpecifications(vitest, chosen, testWorkers, end);
  if (end.aborted || reporter.hasBailed) {
    const isUnknown = ({ moduleId }: TestSpecification): boolean => !reporter.hasTestsOf(moduleId);
    reporter.addUnrun(vitest.state.getTestModules());
    reporter.addUnrun(await readTests(vitest, chosen.filter(isUnknown)));
    return report;
  }
  reporter.addMissing(
    chosen.map(({ moduleId }) => moduleId),
    vitest.state.getTestModules(),
  );
  if (report === undefined && reporter.errors.length === 0 && reporter.tests.length === 0)
    throw noTests(selection, options.loaded, vitest.state.getTestModules());
  return report;
}

/** Returns the files of this shard; all without shards. */
function inShard(
  files: readonly TestSpecification[],
  { shard, durations = new Map(), directory, onStart }: RunOptions,
): { readonly chosen: readonly TestSpecification[]; readonly report?: ShardReport } {
  if (shard === undefined) return { chosen: files };
  const { index, total } = shard;
  const nameOf = ({ moduleId }: TestSpecification): string => slashes(relative(directory, moduleId));
  const plan = planShards(files.map(nameOf), total, durations);
  const mine = new Set(plan[index - 1]);
  const by = files.some((file) => durations.has(nameOf(file))) ? 'duration' : 'count';
  onStart({ shard: `${index}/${total}, ${mine.size} of ${files.length} test files (by ${by})` });
  return { chosen: files.filter((file) => mine.has(nameOf(file))), report: { index, total, plan: planHash(plan) } };
}

/** @param modules - the files that were loaded, none of whose tests was selected */
export function noTests({ filters, testName }: Selection, loaded: LoadedConfig, modules: readonly TestModule[] = []): UsageError {
  const { include } = loaded.config.tests;
  const meant = [...filters.map((filter) => `"${filter}"`), ...(testName === undefined ? [] : [String(testName)])];
  const what = meant.length === 0 ? 'no test file' : `no test that matches ${meant.join(' or ')}`;
  const near = testName && similar(testName.source, modules);
  const hint = near === undefined ? '' : `. Did you mean "${near}"?`;
  return new UsageError(`found ${what} among ${include.join(', ')} in ${loaded.root}${hint}`);
}

/** The test with the name that is most similar to a text. */
function similar(text: string, modules: readonly TestModule[]): string | undefined {
  const tests = modules.flatMap(({ children }) => [...children.allTests()]);
  const part = tests.find(({ fullName }) => fullName.toLowerCase().includes(text.toLowerCase()));
  return part?.fullName ?? nearest(text, [...tests.map(({ name }) => name), ...tests.map(({ fullName }) => fullName)]);
}
