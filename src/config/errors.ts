// SPDX-License-Identifier: GPL-3.0-or-later
import { AlpyError } from '../core/errors.ts';

/** The configuration cannot be used; the message lists everything that is wrong with it. */
export class ConfigError extends AlpyError {
  readonly code = 'ALPY_CONFIG';
  readonly fault = 'usage';
  /** the configuration file, or the directory in which one was looked for */
  readonly file: string;
  /** one line each */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[], options?: ErrorOptions) {
    super(`${file}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, options);
    this.file = file;
    this.problems = problems;
  }
}
