// SPDX-License-Identifier: GPL-3.0-or-later
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf, messageOf } from '../core/errors.ts';
import { ConfigError } from './errors.ts';

/** Names that a configuration file may have. */
export const configFileNames: readonly string[] = ['alpy.config.ts', 'alpy.yaml', 'alpy.yml'];

/**
 * Looks for the configuration file in `directory`, then in those above it. Does not leave the git repository that
 * `directory` lies in, so that a stray file in a home directory is not taken for it.
 * @returns the absolute path, `undefined` when there is none
 * @throws {@link ConfigError} when a directory holds more than one, or cannot be read
 */
export async function findConfig(directory: string): Promise<string | undefined> {
  const start = resolve(directory);
  for (let current = start; ; current = dirname(current)) {
    const entries = await entriesOf(current);
    const [first, ...others] = configFileNames.filter((name) => entries.includes(name));
    if (first !== undefined && others.length > 0) {
      throw new ConfigError(current, [
        `found ${[first, ...others].join(' and ')}, of which only one can count; keep one, or name it with --config`,
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
    if (codeOf(error) === 'EACCES') return []; // a parent that we may pass through but not list
    throw new ConfigError(directory, [`cannot be searched for a configuration file: ${messageOf(error)}`], { cause: error });
  }
}
