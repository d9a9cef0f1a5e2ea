// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, readdir } from 'node:fs/promises';
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

/** What to merge, and into what. */
export interface MergeOptions {
  /** output directories of all shards, absolute */
  readonly directories: readonly string[];
  /** absolute path of the output directory; those of the shards may lie in it, and their files then stay where they are */
  readonly out: string;
  /** output directory as reports name it: relative to the project's */
  readonly outPath: string;
  readonly job?: JobReport | undefined;
}

/**
 * Joins the outputs of shards into one: `junit.xml`, `run.json`, the page and all that goes with it, with the files of
 * every test.
 * @throws UsageError when a directory holds no output of a shard
 * @throws EnvironmentError when shards are missing, do not belong together, or files cannot be copied
 */
export async function mergeOutputs({ directories, out, outPath, job }: MergeOptions): Promise<RunReport> {
  if (directories.includes(out))
    throw new UsageError(`${out} is one of the shards, and would be overwritten: name another --out`);
  const sources = await Promise.all(directories.map(async (directory) => ({ directory, report: await reportOf(directory) })));
  const strange = sources.find(({ report }) => sources.length > 1 && report.shard === undefined);
  if (strange !== undefined)
    throw new UsageError(`${strange.directory} holds all tests, not those of a shard: was it written by alpy run --shard?`);
  const problem = shardProblem(sources.map(({ report }) => report));
  if (problem !== undefined) throw new EnvironmentError(problem);
  const [first, ...others] = await place(sources, out);
  if (first === undefined) throw new UsageError('which shards? Name their output directories');
  const merged = mergeReports([first, ...others], job);
  await writeReports(merged, out, outPath);
  return merged;
}

/** The report of a run, or what one that died had stored until then. */
async function reportOf(directory: string): Promise<RunReport> {
  const isThere = existsSync(join(directory, 'run.json')) || !existsSync(join(directory, storedResultsFile));
  return isThere ? readRunJson(join(directory, 'run.json')) : readStoredResults(directory);
}

interface Source {
  readonly directory: string;
  readonly report: RunReport;
}

/** Sees that the files of all tests are below `out`, each folder under a name of its own. */
async function place(sources: readonly Source[], out: string): Promise<readonly ShardResults[]> {
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

/** Captures are large: a second name for the same file costs nothing. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
    await copyFile(source, target);
  }
}
