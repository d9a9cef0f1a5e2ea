// SPDX-License-Identifier: GPL-3.0-or-later
import type { InferredOptionTypes } from 'yargs';
import { configOption } from '../io.ts';
import { outputOptions } from './output-options.ts';
import { selectOptions } from './select-options.ts';

/** How the tests run. */
const howOptions = {
  workers: { type: 'number', requiresArg: true, describe: 'how many test files run at the same time' },
  concurrent: { type: 'boolean', describe: 'also run the tests of one file at the same time' },
  retries: { type: 'number', requiresArg: true, describe: 'how often to retry a test that failed' },
  accel: { choices: ['auto', 'kvm', 'tcg'] as const, requiresArg: true, describe: 'QEMU accelerator' },
  boot: {
    choices: ['cold', 'snapshot'] as const,
    requiresArg: true,
    describe: 'boot the guest for each test, or restore it from a snapshot',
  },
  image: { type: 'string', requiresArg: true, describe: 'disk image of the appliance' },
} as const;

/** The options of `alpy run`. */
export const runOptions = { ...configOption, ...selectOptions, ...howOptions, ...outputOptions };

/** The arguments of `alpy run`. */
export type RunArguments = InferredOptionTypes<typeof runOptions> & { readonly filter?: readonly string[] | undefined };
