// SPDX-License-Identifier: GPL-3.0-or-later
import type { LoadedConfig } from '../config/index.ts';
import type { CliIo } from './io.ts';

/**
 * The configuration, for a command that also works without one.
 * @param file - what `--config` names
 * @returns nothing when no file is named and there is none here or above
 * @throws ConfigError when it is wrong
 */
export async function loadOptionalConfig(io: CliIo, file: string | undefined): Promise<LoadedConfig | undefined> {
  const { findConfig, loadConfig } = await import('../config/index.ts');
  if (file === undefined && (await findConfig(io.directory)) === undefined) return undefined;
  return loadConfig({ directory: io.directory, file, variables: io.env });
}
