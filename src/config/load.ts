// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import { ConfigError } from './errors.ts';
import { configFileNames, findConfig } from './find.ts';
import { readConfig } from './read.ts';
import { resolveConfig, type LoadedConfig } from './resolve.ts';
import type { ConfigOverrides } from './schema.ts';
import type { Variables } from '../core/variables.ts';

/** Where a configuration may come from. */
export interface ConfigSources {
  /** current directory: the file is looked for here and above */
  readonly directory: string;
  /** the file itself, relative to `directory`; absent to look for one */
  readonly file?: string | undefined;
  readonly variables?: Variables | undefined;
  readonly flags?: ConfigOverrides | undefined;
}

/**
 * Finds, reads and checks the configuration. Defaults yield to the file, the file to `ALPY_*` variables, those to flags.
 * @throws {@link ConfigError} when there is no file, when there are several, or with every problem of the one there is
 */
export async function loadConfig({ directory, file, variables, flags }: ConfigSources): Promise<LoadedConfig> {
  const found = file === undefined ? await findConfig(directory) : resolve(directory, file);
  if (found === undefined) {
    throw new ConfigError(resolve(directory), [
      `no ${configFileNames.slice(0, 2).join(' or ')} here or in a folder above; alpy init writes one`,
    ]);
  }
  return resolveConfig({ file: found, raw: await readConfig(found), variables, flags, directory });
}
