// SPDX-License-Identifier: GPL-3.0-or-later
import type { RunnerTestCase, RunnerTestSuite } from 'vitest';

/**
 * The test that runs after a test of the same file, if that is certain: it is not if the tests are shuffled or run at the same time, or
 * if the test itself runs again. Pure.
 */
export function nextTest(test: RunnerTestCase): RunnerTestCase | undefined {
  const tests = testsOf(test.file);
  const next = tests.slice(tests.indexOf(test) + 1).find(({ mode }) => mode === 'run' || mode === 'queued');
  if (!next || [test, next].some(({ concurrent, repeats }) => concurrent === true || (repeats ?? 0) > 0)) return undefined;
  return [...blocksOf(test), ...blocksOf(next)].some(({ shuffle }) => shuffle === true) ? undefined : next;
}

function testsOf(suite: RunnerTestSuite): readonly RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === 'test' ? [task] : testsOf(task)));
}

/** The blocks around a test, with its file. */
function blocksOf({ suite, file }: RunnerTestCase | RunnerTestSuite): readonly RunnerTestSuite[] {
  return suite ? [suite, ...blocksOf(suite)] : [file];
}
