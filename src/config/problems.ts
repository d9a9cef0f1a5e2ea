// SPDX-License-Identifier: GPL-3.0-or-later
import type { z } from 'zod';
import { nearest } from '../core/nearest.ts';
import { valueAt, type Path } from '../core/value-at.ts';
import { expectationOf, type Expectation } from './expectation.ts';
import { knownNames, knownValues } from './known-names.ts';
import { isSecretKey } from './secret-keys.ts';

type Issue = z.core.$ZodIssue;

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a whole number', // the schema has no other numbers
  int: 'a whole number',
  boolean: 'true or false',
};

/** Something that is wrong with a configuration. */
export interface Problem {
  /** where */
  readonly path: Path;
  /** one line: the path, what was expected, what was found */
  readonly text: string;
  /** what set the value, if not the file */
  readonly source?: string | undefined;
}

/**
 * Describes each problem in one line: path, what was expected, what was found.
 * @param issues - from zod
 * @param raw - the value that was checked
 * @param sourceOf - what set the value at a path, if not the file itself
 */
export function problemsOf(
  issues: readonly Issue[],
  raw: unknown,
  sourceOf: (path: Path) => string | undefined,
): readonly Problem[] {
  return issues.flatMap((issue): readonly Problem[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ path: [...issue.path, key], text: unknownKey(issue.path, key) }));
    const inner = issuesOfChoice(issue);
    if (inner) return problemsOf(inner, raw, sourceOf);
    const source = sourceOf(issue.path);
    const where = `${pathText(issue.path)}${source === undefined ? '' : ` (from ${source})`}`;
    const { what, advice } = expected(issue);
    const got = found(issue, valueAt(raw, issue.path));
    const text = `${where}: expected ${what}, got ${got}${advice === undefined ? '' : `. ${advice}`}`;
    return [{ path: issue.path, text, source }];
  });
}

/** If a value has the type of one of several choices, what is wrong with it as that choice. */
function issuesOfChoice(issue: Issue): readonly Issue[] | undefined {
  if (issue.code !== 'invalid_union') return undefined;
  const fitting = issue.errors.find((issues) =>
    issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return fitting?.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

/** The beginning of Zod's own messages, for a schema that has none. */
const defaultMessage = 'Invalid input';

function expected(issue: Issue): Expectation {
  const ofSchema = expectationOf(issue.message);
  switch (issue.code) {
    case 'invalid_key':
      return expectationOf(issue.issues[0]?.message ?? issue.message);
    case 'invalid_union':
      if (issue.message !== defaultMessage) return ofSchema;
      return { what: issue.errors.flatMap(([first]) => (first ? [expected(first).what] : [])).join(', or ') };
    case 'invalid_type':
      if (['tuple', 'record'].includes(issue.expected) && !issue.message.startsWith(defaultMessage)) return ofSchema;
      if (issue.expected === 'array') return { what: 'a list', advice: 'Write it as a list: [VALUE]' };
      if (['object', 'record'].includes(issue.expected)) return { what: 'an object', advice: keysAdvice(issue.path) };
      return { what: typeNames[issue.expected] ?? issue.expected };
    case 'invalid_value':
      return { what: `one of ${issue.values.map(String).join(', ')}` };
    case 'too_small':
      if (issue.origin === 'string') return { what: 'text that is not empty' };
      return { what: issue.origin === 'array' ? 'a list that is not empty' : `${String(issue.minimum)} or more` };
    case 'too_big':
      if (issue.origin === 'array' && !issue.message.startsWith('Too big')) return ofSchema;
      return {
        what: issue.origin === 'array' ? `a list of at most ${String(issue.maximum)}` : `${String(issue.maximum)} or less`,
      };
    default:
      return ofSchema;
  }
}

/** How to write an object. */
function keysAdvice(path: Path): string {
  const [first, second] = knownNames(path);
  if (first === undefined) return 'Write names below it, each with its value';
  return `Write keys below it, such as ${second === undefined ? first : `${first} and ${second}`}`;
}

function found(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_key') return JSON.stringify(issue.path.at(-1));
  if (value === undefined || value === null) return 'nothing';
  // a password that YAML reads as a number must not be shown in a job log
  const shown = isSecretKey(issue.path.at(-1)) ? '' : ` ${JSON.stringify(value)}`;
  const hint = issue.code === 'invalid_type' && issue.expected === 'string' ? ' (put it in quotes to make it text)' : '';
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value}${shown}${hint}`;
  if (typeof value === 'string') {
    const isNumber = issue.code === 'invalid_type' && issue.expected === 'number' && /^\d+$/.test(value);
    return shown === '' ? 'other text' : `${shown.trim()}${isNumber ? ' (remove its quotes to make it a number)' : ''}`;
  }
  if (Array.isArray(value) && value.length > 0 && ['too_big', 'invalid_union'].includes(issue.code))
    return `a list of ${value.length}`;
  if (Array.isArray(value)) return value.length > 0 ? 'a list' : 'an empty list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function unknownKey(path: Path, key: string): string {
  const where = pathText([...path, key]);
  const names = knownNames(path);
  const near = nearest(key, names);
  if (near !== undefined) return `${where}: unknown key. Did you mean ${near}?`;
  const elsewhere = knownValues().find((known) => known.path.at(-1)?.toLowerCase() === key.toLowerCase());
  if (elsewhere) return `${where}: unknown key here. Did you mean ${pathText(elsewhere.path)}?`;
  return `${where}: unknown key. Expected one of ${names.join(', ')}`;
}

/** A path as messages show it. Pure. */
export function pathText(path: Path): string {
  return path.map(String).join('.') || '(top)';
}
