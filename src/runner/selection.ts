// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import type { TestCase, TestModule, TestSpecification, TestSuite, Vitest } from 'vitest/node';
import { UsageError } from '../core/errors.ts';

/** Which tests to run. */
export interface Selection {
  /** parts of file names, each with a line after a colon if only the test there is meant; empty for all files */
  readonly filters: readonly string[];
  /** only tests whose name matches; absent for all */
  readonly testName?: RegExp | undefined;
  /** only these tests: full names by file, relative to the current directory; absent for all */
  readonly only?: ReadonlyMap<string, ReadonlySet<string>> | undefined;
}

interface Filter {
  readonly name: string;
  readonly line?: number;
}

/**
 * Finds the test files that a selection means. Vitest then runs only the tests in them whose lines and names match.
 * @param directory - current directory, absolute
 * @throws UsageError if no test is at a line
 */
export async function selectFiles(
  vitest: Vitest,
  { filters, only }: Selection,
  directory: string,
): Promise<readonly TestSpecification[]> {
  const parsed = filters.map(parseFilter);
  const whole = parsed.filter(({ line }) => line === undefined).map(({ name }) => name);
  const files = whole.length > 0 || parsed.length === 0 ? await vitest.globTestSpecifications(whole) : [];
  const withLines = await selectLines(vitest, parsed, new Set(files.map(({ moduleId }) => moduleId)));
  const all = [...files, ...withLines];
  if (only === undefined) return all;
  const namesOf = new Map([...only].map(([file, names]) => [resolve(directory, file), [...names]]));
  return all.flatMap(({ moduleId, project, testLines }) => {
    const testNames = namesOf.get(moduleId);
    const lines = testLines === undefined ? {} : { testLines };
    return testNames === undefined ? [] : [project.createSpecification(moduleId, { testNames, ...lines })];
  });
}

/** Whether Vitest runs a test of these files, or skips it because it was not selected. */
export function isSelected(testCase: TestCase, files: readonly TestSpecification[], testName: RegExp | undefined): boolean {
  if (testName?.test(testCase.fullName) === false) return false;
  const file = files.find(({ moduleId }) => moduleId === testCase.module.moduleId);
  if (file?.testNames?.includes(testCase.fullName) === false) return false;
  return file?.testLines === undefined || linesOf(testCase).some((line) => file.testLines?.includes(line) === true);
}

/** The lines of a test and of the groups around it. */
function linesOf(task: TestCase | TestSuite): readonly number[] {
  const { parent, location } = task;
  return [...(location === undefined ? [] : [location.line]), ...(parent.type === 'module' ? [] : linesOf(parent))];
}

function parseFilter(filter: string): Filter {
  const [, name, line] = /^(.+?):(\d+)(?::\d+)?$/.exec(filter) ?? [];
  return name === undefined ? { name: filter } : { name, line: Number(line) };
}

/** Files of which only the tests at some lines are meant. */
async function selectLines(
  vitest: Vitest,
  filters: readonly Filter[],
  wholeFiles: ReadonlySet<string>,
): Promise<readonly TestSpecification[]> {
  const lines = new Map<TestSpecification['moduleId'], Set<number>>();
  for (const { name, line } of filters) {
    if (line === undefined) continue;
    const files = await vitest.globTestSpecifications([name]);
    const modules = await vitest.parseSpecifications([...files]);
    const found = modules.map((module) => ({ module, at: lineOfTestAt(module, line) }));
    if (files.length > 0 && found.every(({ at }) => at === undefined)) throw noTestAt(name, line, modules);
    for (const { module, at } of found) {
      if (at === undefined || wholeFiles.has(module.moduleId)) continue;
      lines.set(module.moduleId, (lines.get(module.moduleId) ?? new Set()).add(at));
    }
  }
  const project = vitest.getRootProject();
  return [...lines].map(([moduleId, ofFile]) => project.createSpecification(moduleId, { testLines: [...ofFile] }));
}

/** The line where the test or group around a line begins: the last one that begins at it or above. */
function lineOfTestAt(module: TestModule, line: number): number | undefined {
  return beginnings(module).findLast((one) => one <= line);
}

function beginnings({ children }: TestModule): readonly number[] {
  const tasks = [...children.allTests(), ...children.allSuites()];
  return tasks.flatMap(({ location }) => location?.line ?? []).sort((a, b) => a - b);
}

function noTestAt(name: string, line: number, modules: readonly TestModule[]): UsageError {
  const lines = [...new Set(modules.flatMap(beginnings))];
  const where = lines.length === 0 ? 'found no test in it' : `its tests begin at the lines ${lines.join(', ')}`;
  return new UsageError(`expected a line with a test, got ${name}:${line}: ${where}`);
}
