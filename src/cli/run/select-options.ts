// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf, UsageError } from '../../core/errors.ts';
import { oneValue, wholeNumber } from '../options.ts';

/** Options that select tests. */
export const selectOptions = {
  grep: {
    type: 'string',
    alias: ['t', 'test-name'],
    requiresArg: true,
    coerce: (value: string | undefined) => oneValue('--grep', value),
    describe: 'only tests whose name matches this expression',
  },
  'grep-invert': {
    type: 'string',
    requiresArg: true,
    coerce: (value: string | undefined) => oneValue('--grep-invert', value),
    describe: 'only tests whose name does not match it',
  },
  'last-failed': {
    type: 'boolean',
    default: false,
    describe: 'only tests that failed in the last run',
  },
  list: { type: 'boolean', default: false, describe: 'print the tests that match, run nothing' },
  bail: {
    type: 'string',
    describe: 'stop after this many failed tests; default: 1',
    coerce: (value: unknown) => (value === '' ? 1 : wholeNumber('--bail', 1, value, '. Use --bail=1 before a file')),
  },
  shard: {
    type: 'string',
    requiresArg: true,
    describe: 'part of the test files: 2/5; default: CI_NODE_INDEX/TOTAL',
  },
  durations: {
    type: 'string',
    requiresArg: true,
    describe: 'run.json, or {"test file": seconds}, to balance shards',
  },
} as const;

/**
 * The names of the tests to run, as one regular expression because Vitest takes one.
 * @returns `undefined` for all
 * @throws UsageError if a text is not a regular expression
 */
export function testNameOf(grep: string | undefined, invert: string | undefined): RegExp | undefined {
  const wanted = grep === undefined ? undefined : regExpOf('--grep', grep);
  if (invert === undefined) return wanted;
  const unwanted = regExpOf('--grep-invert', invert);
  return new RegExp(`^(?=[^]*?(?:${wanted?.source ?? ''}))(?![^]*?(?:${unwanted.source}))`);
}

function regExpOf(option: string, text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new UsageError(`${option}: ${messageOf(cause)}`, { cause });
  }
}
