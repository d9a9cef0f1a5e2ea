// SPDX-License-Identifier: GPL-3.0-or-later
import type { RunnerTestCase, RunnerTestSuite } from 'vitest';
import { expect, test } from 'vitest';
import { nextTest } from '../../../src/runner/next-test.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A file in Vitest's form: text is a test that runs, a list is a block. */
function fakeFile(tasks: readonly unknown[], fields: Readonly<Record<string, Fields>> = {}): Map<string, RunnerTestCase> {
  const tests = new Map<string, RunnerTestCase>();
  const block = (parent: unknown, children: readonly unknown[]): RunnerTestSuite => {
    const suite = { type: 'suite', suite: parent, file, tasks: [] as unknown[], ...fields[JSON.stringify(children)] };
    file ??= suite;
    suite.file = file;
    suite.tasks = children.map((child) => {
      if (Array.isArray(child)) return block(suite, child);
      const made = { type: 'test', name: child, suite, file, mode: 'run', ...fields[child as string] };
      tests.set(child as string, made as unknown as RunnerTestCase);
      return made;
    });
    return suite as unknown as RunnerTestSuite;
  };
  let file: unknown;
  block(undefined, tasks);
  return tests;
}

function nextOf(name: string, tests: ReadonlyMap<string, RunnerTestCase>): string | undefined {
  return nextTest(tests.get(name)!)?.name;
}

test('the next test may be in another block; those that are skipped do not count', () => {
  const tests = fakeFile(['a', ['b', 'skipped'], [['todo', 'c']], 'd'], { skipped: { mode: 'skip' }, todo: { mode: 'todo' } });
  expect(['a', 'b', 'c', 'd'].map((name) => nextOf(name, tests))).toEqual(['b', 'c', 'd', undefined]);
});

test('concurrent, repeated and shuffled tests have no certain next test', () => {
  expect(nextOf('a', fakeFile(['a', 'b'], { a: { concurrent: true } }))).toBeUndefined();
  expect(nextOf('a', fakeFile(['a', 'b'], { b: { concurrent: true } }))).toBeUndefined();
  expect(nextOf('a', fakeFile(['a', 'b'], { a: { repeats: 1 } }))).toBeUndefined();
  expect(nextOf('a', fakeFile(['a', 'b'], { '["a","b"]': { shuffle: true } }))).toBeUndefined();
  expect(nextOf('b', fakeFile(['a', ['b'], ['c']], { '["c"]': { shuffle: true } }))).toBeUndefined();
});
