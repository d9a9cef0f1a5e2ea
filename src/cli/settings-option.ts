// SPDX-License-Identifier: GPL-3.0-or-later
import type { CliIo } from './io.ts';

/** `--settings` of all that `alpy executor` does. */
export function settingsOption(io: CliIo, describe = "the driver's settings, a file of the administrator's") {
  return {
    settings: {
      type: 'string',
      requiresArg: true,
      default: io.env['ALPY_EXECUTOR_SETTINGS'] ?? '/etc/alpy/executor.yaml',
      describe,
    },
  } as const;
}
