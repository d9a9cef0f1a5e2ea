// SPDX-License-Identifier: GPL-3.0-or-later
import { existsSync } from 'node:fs';
import path from 'node:path';
import { EnvironmentError } from '../core/errors.ts';
import { provideBaseImage } from './base-image.ts';
import { loadManifest } from './manifest.ts';
import type { ImageWork } from './provide.ts';

const script = path.join(import.meta.dirname, '..', '..', 'rabbit', 'image', 'build');

/** How long building Rabbit may take, in `ms`; it downloads packages. */
const timeoutMs = 1_800_000;

/**
 * Builds Rabbit, the example appliance, unless the disk image is up to date.
 * @param out - path of the disk image, a qcow2 file
 * @throws EnvironmentError if it cannot be built; the output of the build goes to `onLine`
 */
export async function buildRabbit(out: string, work: ImageWork): Promise<void> {
  if (!existsSync(script))
    throw new EnvironmentError(
      `expected Rabbit's build script at ${script}, but this installation does not contain it. Use a clone of alpy's repository`,
    );
  const base = await provideBaseImage(work.docker, work.manifest ?? loadManifest(), work.env, work);
  const { execa } = await import('execa'); // loaded here because most commands build nothing
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
