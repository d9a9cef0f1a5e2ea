// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import type { Config } from '../config/index.ts';
import type { Engine } from '../docker/index.ts';
import type { HostFacts } from '../testbed/index.ts';
import { accelCacheFile, unpackedDirectory } from './cache.ts';
import type { CliIo } from './io.ts';

/**
 * Inspects the machine for a command that creates a testbed.
 * @param directory - absolute path of the folder for the testbed's files; created if missing
 * @throws what inspectHost throws
 */
export async function hostFor(io: CliIo, engine: Engine, config: Config, directory: string): Promise<HostFacts> {
  const [{ resolveImages }, { inspectHost }] = await Promise.all([import('../images/index.ts'), import('../testbed/index.ts')]);
  await mkdir(directory, { recursive: true });
  const questions = { images: resolveImages(io.env, config.images), accel: config.accel, directory };
  const caches = { accelCacheFile: accelCacheFile(io.env), unpackedDirectory: unpackedDirectory(io.env) };
  return inspectHost(engine, { ...questions, ...caches }, io.signal);
}
