// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../../core/errors.ts';
import { valueOf } from '../../core/variables.ts';
import type { CliIo } from '../io.ts';

/** Options for a person at a terminal. */
export const interactiveOptions = {
  'pause-on-failure': {
    type: 'boolean',
    default: false,
    describe: 'keep the testbed of a failed test until Enter',
  },
  watch: {
    type: 'boolean',
    default: false,
    describe: 'run tests again when a file they use changes',
  },
  debug: {
    type: 'boolean',
    default: false,
    describe: 'wait for a debugger, stop before the first line',
  },
} as const;

/** @throws UsageError if nobody can answer */
export function assertInteractive(io: CliIo, option: string): void {
  if (valueOf(io.env, 'CI') !== undefined)
    throw new UsageError(`${option}: expected a terminal, got a CI job (CI is set). Run it on your machine`);
  if (!process.stdin.isTTY || !process.stdout.isTTY)
    throw new UsageError(`${option}: expected a terminal as standard input and output, got a file or a pipe`);
}
