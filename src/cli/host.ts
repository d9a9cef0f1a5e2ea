// SPDX-License-Identifier: GPL-3.0-or-later
import { mkdir } from 'node:fs/promises';
import type { Config } from '../config/index.ts';
import type { Engine } from '../docker/index.ts';
import type { HostFacts } from '../testbed/index.ts';
import { accelCacheFile } from './cache.ts';
import type { CliIo } from './io.ts';

/**
 * Finds out what testbeds must know of the machine, for a command that makes one.
 * @param directory - absolute path of the folder for their files; made when it is not there
 * @throws what inspectHost throws
 */
export async function hostFor(io: CliIo, engine: Engine, config: Config, directory: string): Promise<HostFacts> {
  const [{ resolveImages }, { inspectHost }] = await Promise.all([import('../images/index.ts'), import('../testbed/index.ts')]);
  await mkdir(directory, { recursive: true });
  const questions = { images: resolveImages(io.env, config.images), accel: config.accel, directory };
  return inspectHost(engine, { ...questions, accelCacheFile: accelCacheFile(io.env) }, io.signal);
}
