// SPDX-License-Identifier: GPL-3.0-or-later
import type { Variables } from '../core/variables.ts';

/** What a command may use of the process: its environment, output, signals and exit status. */
export interface CliIo {
  readonly env: Variables;
  /** current directory, absolute */
  readonly directory: string;
  /** fires when the user wants to stop */
  readonly signal: AbortSignal;
  /** prints lines; control and direction characters other than tabs and line feeds become visible escapes */
  readonly stdout: (line: string) => void;
  /** like `stdout`, but on standard error */
  readonly stderr: (line: string) => void;
  /** sets the exit status of the program; default: 0 */
  readonly exitWith: (status: number) => void;
}

/** Options of every command that reads the configuration. */
export const configOption = {
  config: {
    type: 'string',
    describe: 'configuration file; default: alpy.config.ts or alpy.yaml, here or above',
    requiresArg: true,
  },
} as const;
