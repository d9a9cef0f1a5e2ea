// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { hasFailed, type RunReport } from '../../report/index.ts';
import type { OpenedVitest } from '../open-vitest.ts';
import type { Run } from '../run-options.ts';
import { selectFiles } from '../selection.ts';
import { affectedFiles, loadedFiles } from './affected.ts';
import { FileWatcher } from './file-watcher.ts';
import type { NextRound, WatchOptions } from './watch-options.ts';

/**
 * Runs tests again until the user ends that. Vitest, the connection to the daemon and what was found out about the machine and the
 * disk image are kept.
 * @param finish - writes the reports of a round
 * @returns the report of the last round
 */
export async function runRounds(
  run: Run,
  { next }: WatchOptions,
  { vitest, testWorkers }: OpenedVitest,
  finish: (startMs?: number) => Promise<RunReport>,
): Promise<RunReport> {
  const { options, loading, reporter, selected, end } = run;
  const { selection, directory, loaded } = options;
  const { runSpecifications } = await loading;
  using watcher = new FileWatcher();
  const changed = async (signal: AbortSignal): Promise<ReadonlySet<string>> => {
    for (;;) {
      const files = await watcher.next(signal);
      if (files.has(loaded.file) || (await filesOf(run, files, vitest)).length > 0) return files; // not a file of an editor
    }
  };
  const isOver = (): boolean => end.aborted;
  for (let startMs: number | undefined; ;) {
    const report = await finish(startMs);
    const specifications = await selectFiles(vitest, selection, directory);
    watcher.add([loaded.file, ...specifications.map(({ moduleId }) => moduleId), ...loadedFiles(vitest)]);
    const choice = await next(report, changed);
    if (choice === undefined || isOver()) return report;
    const files = await filesOf(run, choice, vitest);
    startMs = performance.now();
    if (files.length === 0) continue;
    reporter.forget(files.map(({ moduleId }) => moduleId));
    selected.files = files;
    await runSpecifications(vitest, files, testWorkers, end);
    if (isOver()) return report;
  }
}

async function filesOf(
  { options: { selection, directory }, reporter }: Run,
  choice: NextRound,
  vitest: OpenedVitest['vitest'],
): Promise<readonly TestSpecification[]> {
  const affected = typeof choice === 'string' ? new Set<string>() : affectedFiles(vitest, choice);
  const all = await selectFiles(vitest, selection, directory); // there may be new ones
  if (choice === 'all') return all;
  const failed = new Set(reporter.tests.filter(hasFailed).map(({ file }) => resolve(directory, file)));
  const chosen = choice === 'failed' ? failed : affected;
  return all.filter(({ moduleId }) => chosen.has(moduleId));
}
