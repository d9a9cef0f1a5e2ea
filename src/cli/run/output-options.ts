// SPDX-License-Identifier: GPL-3.0-or-later

/** Options for what a run shows and writes. */
export const outputOptions = {
  out: { type: 'string', requiresArg: true, describe: 'output directory' },
  reporter: {
    type: 'string',
    array: true,
    nargs: 1, // else yargs would take the test files after it, too
    describe: 'list (default), line, dot, json, junit, github',
  },
  verbose: { type: 'boolean', default: false, describe: 'also show the steps of the tests' },
  quiet: { type: 'boolean', default: false, describe: 'show only failures and the summary' },
} as const;
