// SPDX-License-Identifier: GPL-3.0-or-later
import type { z } from 'zod';
import { knownNames, knownValues, nearest } from './known-names.ts';
import { valueAt, type Path } from './tree.ts';

type Issue = z.core.$ZodIssue;

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a whole number', // there are no others here
  int: 'a whole number',
  object: 'an object',
  array: 'a list',
};

/**
 * One line for each thing that is wrong: path, what was wanted, what was found.
 * @param issues - what zod found
 * @param raw - what was checked
 * @param sourceOf - where the value at a path was said, when that is not the file itself
 */
export function describeProblems(
  issues: readonly Issue[],
  raw: unknown,
  sourceOf: (path: Path) => string | undefined,
): readonly string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownName(issue.path, key));
    const source = sourceOf(issue.path);
    const where = `${pathText(issue.path)}${source === undefined ? '' : ` (from ${source})`}`;
    return [`${where}: wanted ${wanted(issue)}, found ${found(issue, valueAt(raw, issue.path))}`];
  });
}

function wanted(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      if (issue.origin === 'string') return 'text that is not empty';
      return issue.origin === 'array' ? 'a list that is not empty' : `${String(issue.minimum)} or more`;
    case 'too_big':
      return `${String(issue.maximum)} or less`;
    default:
      return issue.message; // the schema's own words
  }
}

function found(issue: Issue, value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  // a password that YAML takes for a number must not end up in a job log
  const shown = issue.path.at(-1) === 'password' ? '' : ` ${JSON.stringify(value)}`;
  const hint = issue.code === 'invalid_type' && issue.expected === 'string' ? ' (quotes make it text)' : '';
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value}${shown}${hint}`;
  if (typeof value === 'string') return shown === '' ? 'other text' : shown.trim();
  if (Array.isArray(value)) return value.length > 0 ? 'a list' : 'an empty list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function unknownName(path: Path, key: string): string {
  const where = pathText([...path, key]);
  const names = knownNames(path);
  const near = nearest(key, names);
  if (near !== undefined) return `${where}: unknown name; did you mean ${near}?`;
  const elsewhere = knownValues().find((known) => known.path.at(-1)?.toLowerCase() === key.toLowerCase());
  if (elsewhere) return `${where}: unknown name here; did you mean ${pathText(elsewhere.path)}?`;
  return `${where}: unknown name; known here are ${names.join(', ')}`;
}

function pathText(path: Path): string {
  return path.map(String).join('.') || '(top)';
}
