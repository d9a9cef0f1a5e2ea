// SPDX-License-Identifier: GPL-3.0-or-later

/** Options for what a run shows and writes. */
export const outputOptions = {
  out: { type: 'string', requiresArg: true, describe: 'output directory' },
  quiet: { type: 'boolean', default: false, describe: 'do not show the steps of the tests' },
} as const;
