// SPDX-License-Identifier: GPL-3.0-or-later
import { resolve } from 'node:path';
import { argumentsOf } from '../core/arguments.ts';
import { isFile } from '../core/file.ts';
import { anyObject, anything, options, someText } from '../core/schemas.ts';
import { ConfigError } from './errors.ts';
import { configFileNames, findConfig } from './find.ts';
import { readConfig } from './read.ts';
import { resolveConfig, type LoadedConfig } from './resolve.ts';
import type { ConfigOverrides } from './schema.ts';
import type { Variables } from '../core/variables.ts';

/** The sources of a configuration. */
export interface ConfigSources {
  /** current directory; the file is searched for here and above */
  readonly directory: string;
  /** the file, relative to `directory`; default: search for one */
  readonly file?: string | undefined;
  readonly variables?: Variables | undefined;
  readonly flags?: ConfigOverrides | undefined;
}

const check = argumentsOf('loadConfig', {
  sources: options<ConfigSources>({
    directory: someText,
    file: someText.optional(),
    variables: anything.optional() as never, // `process.env` is an object of a class without a name
    flags: anyObject.optional(), // checked with the file
  }),
});

/**
 * Finds, reads and checks the configuration. Precedence: flags, `ALPY_*` variables, file, defaults.
 * @throws {@link ConfigError} if there is no file, if there are several, or with all problems of the file
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  check(arguments);
  const { directory, file, variables, flags } = sources;
  const found = file === undefined ? await findConfig(directory) : resolve(directory, file);
  if (found === undefined) {
    throw new ConfigError(resolve(directory), [
      `no ${configFileNames.slice(0, 2).join(' or ')} in this directory or above. alpy init creates one`,
    ]);
  }
  return resolveConfig({ file: found, ...(await readConfig(found)), variables, flags, directory, isFile });
}
