// SPDX-License-Identifier: GPL-3.0-or-later
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, messageOf } from '../core/errors.ts';
import { ConfigError } from './errors.ts';

/** Names that a configuration file may have. */
export const configFileNames: readonly string[] = ['alpy.config.ts', 'alpy.yaml', 'alpy.yml'];

/**
 * Searches for the configuration file in `directory` and the directories above it, but not outside the git repository that
 * contains `directory`, to ignore stray files in a home directory.
 * @returns the absolute path, or `undefined` if no configuration was found
 * @throws {@link ConfigError} if a directory has more than one, or cannot be read
 */
export async function findConfig(directory: string): Promise<string | undefined> {
  const start = resolve(directory);
  for (let current = start; ; current = dirname(current)) {
    const entries = await entriesOf(current);
    const [first, ...others] = configFileNames.filter((name) => entries.includes(name));
    if (first !== undefined && others.length > 0) {
      throw new ConfigError(current, [
        `expected one configuration file, got ${[first, ...others].join(' and ')}. Keep one, or name it with --config`,
      ]);
    }
    if (first !== undefined) return join(current, first);
    if (entries.includes('.git') || dirname(current) === current) return undefined;
  }
}

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (codeOf(error) === 'EACCES') return []; // a parent that may be entered but not listed
    throw new ConfigError(directory, [`cannot be searched for a configuration file: ${messageOf(error)}`], { cause: error });
  }
}
