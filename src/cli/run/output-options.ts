// SPDX-License-Identifier: GPL-3.0-or-later

/** Options for what a run shows and writes. */
export const outputOptions = {
  out: { type: 'string', requiresArg: true, describe: 'output directory' },
  reporter: {
    type: 'string',
    requiresArg: true,
    describe: 'what to print: list, line, dot, json, junit, github; repeatable, or a list with commas; default: list',
  },
  verbose: { type: 'boolean', default: false, describe: 'also show the steps of the tests' },
  quiet: { type: 'boolean', default: false, describe: 'show only failures and the summary' },
} as const;
