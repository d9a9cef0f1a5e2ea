// SPDX-License-Identifier: GPL-3.0-or-later
import type { TestReport } from './model.ts';
import { plainLines } from './text.ts';
import { uniqueNames } from './unique-names.ts';

/** The name of each test in JUnit, unique among those of its file: GitLab drops a second test with the same name. */
export function caseNames(tests: readonly TestReport[]): ReadonlyMap<TestReport, string> {
  const names = new Map<TestReport, string>();
  for (const ofFile of Map.groupBy(tests, ({ file }) => file).values()) {
    const unique = uniqueNames(ofFile.map(({ fullName }) => oneLine(fullName)));
    for (const [index, test] of ofFile.entries()) names.set(test, unique[index] ?? '');
  }
  return names;
}

/** A text for an attribute: in one line, without control characters. */
export function oneLine(text: string): string {
  return plainLines(text).replace(/\s+/g, ' ').trim();
}
