// SPDX-License-Identifier: GPL-3.0-or-later
import type { CliIo } from './io.ts';

/** The option `--settings` of `alpy executor` and its stages. */
export function settingsOption(io: CliIo, describe = "the driver's settings, a file that only an administrator may change") {
  return {
    settings: {
      type: 'string',
      requiresArg: true,
      default: io.env['ALPY_EXECUTOR_SETTINGS'] ?? '/etc/alpy/executor.yaml',
      describe,
    },
  } as const;
}
