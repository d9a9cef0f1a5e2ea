// SPDX-License-Identifier: GPL-3.0-or-later
import { relative } from 'node:path';
import type { SerializedError } from 'vitest/node';
import type { LoadedConfig } from '../config/index.ts';
import { UsageError } from '../core/errors.ts';
import { slashes } from '../core/text.ts';
import { errorReports, failureLines, type TestReport } from '../report/index.ts';
import { closeVitest } from './close-vitest.ts';
import { lineOf } from './outcome.ts';
import { noTests } from './run-vitest.ts';
import { isSelected, selectFiles, type Selection } from './selection.ts';

/** What to list. */
export interface ListOptions {
  readonly loaded: LoadedConfig;
  readonly selection: Selection;
  /** current directory: files are named relative to it */
  readonly directory: string;
  readonly signal: AbortSignal;
}

/** A test that would run. */
export type ListedTest = Pick<TestReport, 'file' | 'line' | 'fullName'>;

/**
 * Lists the tests that a run would run, by file and line. Loads the test files, but needs neither Docker nor an image.
 * @throws UsageError if no test matches, or a test file cannot be loaded
 */
export async function listTests({ loaded, selection, directory, signal }: ListOptions): Promise<readonly ListedTest[]> {
  const { config, root } = loaded;
  const settings = { testName: selection.testName };
  const { openVitest } = await import('./open-vitest.ts'); // not for a run, which loads it while it inspects the machine
  const opened = await openVitest({
    config,
    root,
    settings,
    testTimeoutMs: 0,
    isRun: false,
    workers: 1,
    reporter: {},
    signal,
  });
  const { vitest } = opened;
  try {
    const files = await selectFiles(vitest, selection, directory);
    if (files.length === 0) throw noTests(selection, loaded);
    const { testModules, unhandledErrors } = await vitest.collectTests([...files]);
    signal.throwIfAborted();
    const errors = [...testModules.flatMap((module) => module.errors()), ...(unhandledErrors as SerializedError[])];
    const [failure] = errors.flatMap((error) => errorReports(error, directory));
    if (failure) throw new UsageError(`cannot load a test file: ${failureLines([failure]).join('\n')}`);
    const all = testModules.flatMap(({ children }) => [...children.allTests()]);
    const tests = all.filter((testCase) => isSelected(testCase, files, selection.testName));
    if (tests.length === 0) throw noTests(selection, loaded, testModules);
    return tests
      .map((test) => ({ file: slashes(relative(directory, test.module.moduleId)), fullName: test.fullName, ...lineOf(test) }))
      .sort((a, b) => (a.file === b.file ? 0 : a.file < b.file ? -1 : 1));
  } finally {
    await closeVitest(opened, signal);
  }
}
