// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EnvironmentError } from '../core/errors.ts';
import { provideBaseImage } from './base-image.ts';
import { loadManifest } from './manifest.ts';
import type { ImageWork } from './provide.ts';

const script = path.join(import.meta.dirname, '..', '..', 'rabbit', 'image', 'build');

/** Longest that building Rabbit may take, in `ms`; packages are fetched on the way. */
const timeoutMs = 1_800_000;

/**
 * Builds Rabbit, the example appliance, unless `out` is what would be made.
 * @param out - the disk image, a qcow2 file
 * @throws EnvironmentError when it cannot be built; what its programs said went to `onLine`
 */
export async function buildRabbit(out: string, work: ImageWork): Promise<void> {
  if (!existsSync(script)) throw new EnvironmentError(`this alpy came without Rabbit: ${script} is missing`);
  const base = await provideBaseImage(work.docker, work.manifest ?? loadManifest(), work.env, work);
  const { execa } = await import('execa'); // a run of tests builds nothing
  const build = execa(script, [path.resolve(out)], {
    env: { ...work.env, BASE_IMAGE: base.reference },
    extendEnv: false,
    timeout: timeoutMs,
    reject: false,
    all: true,
    ...(work.signal && { cancelSignal: work.signal, gracefulCancel: false }),
  });
  for await (const line of build.iterable({ from: 'all' })) work.onLine?.('rabbit', line);
  const { failed, shortMessage } = await build;
  work.signal?.throwIfAborted();
  if (failed) throw new EnvironmentError(`could not build Rabbit: ${shortMessage ?? 'its build failed'}; see above`);
}
