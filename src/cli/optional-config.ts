// SPDX-License-Identifier: GPL-3.0-or-later
import type { LoadedConfig } from '../config/index.ts';
import type { CliIo } from './io.ts';

/**
 * Loads the configuration for a command that also works without one.
 * @param file - value of `--config`
 * @returns `undefined` if no file is named and none exists in the current directory or above
 * @throws ConfigError if the configuration is wrong
 */
export async function loadOptionalConfig(io: CliIo, file: string | undefined): Promise<LoadedConfig | undefined> {
  const { findConfig, loadConfig } = await import('../config/index.ts');
  if (file === undefined && (await findConfig(io.directory)) === undefined) return undefined;
  return loadConfig({ directory: io.directory, file, variables: io.env });
}
