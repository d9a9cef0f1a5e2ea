// SPDX-License-Identifier: GPL-3.0-or-later
import { messageOf, UsageError } from '../../core/errors.ts';

/** Options that select tests. */
export const selectOptions = {
  'test-name': {
    type: 'string',
    alias: 't',
    requiresArg: true,
    describe: 'only tests whose name matches this regular expression',
  },
  shard: {
    type: 'string',
    requiresArg: true,
    describe: 'part of the test files, like 2/5; default: CI_NODE_INDEX/CI_NODE_TOTAL',
  },
  durations: {
    type: 'string',
    requiresArg: true,
    describe: 'run.json of an earlier run, or JSON {"test file": seconds}, to balance the shards',
  },
} as const;

/** @throws UsageError if a filter names a line, as `tests/a.test.ts:3` does */
export function assertNoLine(filter: string): void {
  const [, file, line] = /^(.+?):(\d+)(?::\d+)?$/.exec(filter) ?? [];
  if (file === undefined || line === undefined) return;
  throw new UsageError(
    `expected part of the name of a test file, got ${JSON.stringify(filter)}: alpy cannot choose a test by its line yet. Use alpy run ${file}, or alpy run ${file} -t 'NAME OF THE TEST'`,
  );
}

/** @throws UsageError if the text is not a regular expression */
export function regExpOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw new UsageError(`--test-name: ${messageOf(cause)}`, { cause });
  }
}
