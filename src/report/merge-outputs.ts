// SPDX-License-Identifier: GPL-3.0-or-later
import { constants, existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { codeOf, EnvironmentError, messageOf, UsageError } from '../core/errors.ts';
import { slashes } from '../core/text.ts';
import { mergeReports, type ShardResults } from './merge.ts';
import type { JobReport, RunReport } from './model.ts';
import { readRunJson } from './run-json.ts';
import { shardProblem } from './shards.ts';
import { readStoredResults, storedResultsFile } from './stored-results.ts';
import { uniqueNames } from './unique-names.ts';
import { writeReports } from './write-reports.ts';

/** What to merge, and where to write it. */
export interface MergeOptions {
  /** output directories of all shards, absolute */
  readonly directories: readonly string[];
  /** absolute path of the output directory; files of shards whose directories are inside it stay where they are */
  readonly out: string;
  /** output directory relative to the project's, for links in reports */
  readonly outPath: string;
  readonly job?: JobReport | undefined;
}

/**
 * Merges the outputs of shards: writes all reports, and links or copies the files of all tests.
 * @throws UsageError if a directory does not contain the output of a shard
 * @throws EnvironmentError if shards are missing or do not belong together, or files cannot be copied
 */
export async function mergeOutputs({ directories, out, outPath, job }: MergeOptions): Promise<RunReport> {
  if (directories.includes(out))
    throw new UsageError(`${out} is the output of a shard and would be overwritten: choose another --out`);
  const sources = await Promise.all(directories.map(async (directory) => ({ directory, report: await reportOf(directory) })));
  const unsharded = sources.find(({ report }) => sources.length > 1 && report.shard === undefined);
  if (unsharded !== undefined)
    throw new UsageError(
      `expected the results of a shard in ${unsharded.directory}, got those of all tests: use alpy run --shard`,
    );
  const problem = shardProblem(sources.map(({ report }) => report));
  if (problem !== undefined) throw new EnvironmentError(problem);
  const [first, ...others] = await collectFiles(sources, out);
  if (first === undefined) throw new UsageError('expected output directories of shards, got none: name them');
  const merged = mergeReports([first, ...others], job);
  await writeReports(merged, out, outPath);
  return merged;
}

/** Reads the report of a run. If the run died, reads the results that it stored until then. */
async function reportOf(directory: string): Promise<RunReport> {
  const isComplete = existsSync(join(directory, 'run.json')) || !existsSync(join(directory, storedResultsFile));
  return isComplete ? readRunJson(join(directory, 'run.json')) : readStoredResults(directory);
}

interface Source {
  readonly directory: string;
  readonly report: RunReport;
}

/** Collects the files of all tests below `out`, each test's folder under a unique name. */
async function collectFiles(sources: readonly Source[], out: string): Promise<readonly ShardResults[]> {
  const inside = (directory: string): string | undefined => {
    const path = slashes(relative(out, directory));
    return path.startsWith('../') || path === '..' ? undefined : path;
  };
  const outside = sources.filter(({ directory }) => inside(directory) === undefined);
  const folders = outside.flatMap(({ directory, report }) =>
    report.tests.flatMap((test) =>
      test.directory === undefined ? [] : [{ from: join(directory, test.directory), name: test.directory }],
    ),
  );
  const names = new Map(uniqueNames(folders.map(({ name }) => name)).map((name, index) => [folders[index]?.from, name]));
  for (const [from, name] of names) if (from !== undefined) await copyFolder(from, join(out, name));
  return sources.map(({ directory, report }) => {
    const prefix = inside(directory);
    return {
      report,
      directoryOf: (folder) => (prefix === undefined ? (names.get(join(directory, folder)) ?? folder) : `${prefix}/${folder}`),
    };
  });
}

async function copyFolder(from: string, to: string): Promise<void> {
  try {
    const entries = await readdir(from, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const source = join(entry.parentPath, entry.name);
      const target = join(to, relative(from, source));
      await mkdir(dirname(target), { recursive: true });
      await linkOrCopy(source, target);
    }
  } catch (cause) {
    throw new EnvironmentError(`cannot copy the files of a test from ${from} to ${to}: ${messageOf(cause)}`, { cause });
  }
}

/** Prefers a hard link, because captures are large. Replaces what was at the target, also a link, instead of writing to it. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  try {
    await link(source, target);
  } catch (error) {
    if (!['EXDEV', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
    await copyFile(source, target, constants.COPYFILE_EXCL);
  }
}
