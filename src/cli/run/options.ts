// SPDX-License-Identifier: GPL-3.0-or-later
import type { InferredOptionTypes } from 'yargs';
import { configOption } from '../io.ts';
import { durationMs, wholeNumber, wholeNumberOption } from '../options.ts';
import { interactiveOptions } from './interactive-options.ts';
import { outputOptions } from './output-options.ts';
import { selectOptions } from './select-options.ts';

/** How the tests run. */
const howOptions = {
  workers: wholeNumberOption('--workers', 1, 'how many test files run at the same time'),
  concurrent: { type: 'boolean', describe: 'also run the tests of one file at the same time' },
  shuffle: {
    type: 'string',
    describe: 'run files and their tests in random order; a seed repeats it',
    coerce: shuffleOf,
  },
  retries: wholeNumberOption('--retries', 0, 'how often to retry a test that failed'),
  'retry-environment': wholeNumberOption('--retry-environment', 0, 'further retries of a test after an error of the environment'),
  'fail-on-flaky': { type: 'boolean', describe: 'end with status 1 if a test passed only at a retry' },
  'repeat-each': wholeNumberOption('--repeat-each', 1, 'run each test this many times'),
  timeout: {
    type: 'string',
    requiresArg: true,
    describe: 'limit of a test after its guest has booted: 90s, 500ms, 5m',
    coerce: (value: unknown) => durationMs('--timeout', value),
  },
  update: { type: 'boolean', alias: 'u', default: false, describe: 'update the snapshots of toMatchSnapshot' },
  accel: { choices: ['auto', 'kvm', 'tcg'] as const, requiresArg: true, describe: 'QEMU accelerator' },
  boot: {
    choices: ['cold', 'snapshot'] as const,
    requiresArg: true,
    describe: 'boot each guest, or restore a snapshot',
  },
  image: { type: 'string', requiresArg: true, describe: 'disk image of the appliance' },
} as const;

/** Reads `--shuffle`, `--shuffle SEED` or `--no-shuffle`. @throws UsageError if it is something else */
function shuffleOf(value: unknown): boolean | number | undefined {
  if (typeof value === 'boolean') return value;
  return value === '' || wholeNumber('--shuffle', 0, value, '. Put the names of test files before --shuffle');
}

/** The options of `alpy run`. */
export const runOptions = { ...configOption, ...selectOptions, ...howOptions, ...interactiveOptions, ...outputOptions };

/** Headings of the help, with the options below each. */
export const optionGroups = [
  { heading: 'Choose tests:', options: selectOptions },
  { heading: 'Run them:', options: howOptions },
  { heading: 'At a terminal:', options: interactiveOptions },
  { heading: 'Output:', options: outputOptions },
];

/** The arguments of `alpy run`. */
export type RunArguments = InferredOptionTypes<typeof runOptions> & { readonly filter?: readonly string[] | undefined };
