// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { EnvironmentError } from '../core/errors.ts';
import { valueHash } from './content-hash.ts';
import { makeDebianBase, mmdebstrapArgs, type DebianBase } from './debian-base.ts';
import { inspectImage } from './inspect.ts';
import type { BaseEntry, Manifest } from './manifest.ts';
import type { WorkOptions } from './progress.ts';
import { buildVariables } from './proxy.ts';
import { PullError, pullImage } from './pull.ts';
import { valueOf, type Variables } from '../core/variables.ts';

/** The image that others are built on, present in the daemon. */
export interface BaseImage {
  readonly reference: string;
  /** `sha256:…` */
  readonly id: string;
  /** `variable BASE_IMAGE`, `local`, `made here`, `pulled` */
  readonly origin: string;
}

/** How long a registry may stay silent before the base is made from packages instead, in `ms`. */
const registryStallMs = 20_000;

/**
 * Finds, pulls or makes the base image, whichever comes first: `BASE_IMAGE`; the official image, when the daemon has it;
 * one that was made here; the official one from its registry; a new one from Debian packages. With `ALPY_DEBIAN_SUITE` or
 * `ALPY_DEBIAN_MIRROR` set it is always made from packages, as those ask for.
 * @throws EnvironmentError when `BASE_IMAGE` cannot be had
 * @throws ImageBuildError when it cannot be made
 */
export async function provideBaseImage(
  docker: Docker,
  manifest: Manifest,
  env: Variables,
  options: WorkOptions = {},
): Promise<BaseImage> {
  const { onLine, signal } = options;
  const have = async (reference: string, origin: string, hash?: string): Promise<BaseImage | undefined> => {
    const found = await inspectImage(docker, reference, signal);
    return found && (hash === undefined || found.hash === hash) ? { reference, id: found.id, origin } : undefined;
  };
  const after = async (reference: string, origin: string): Promise<BaseImage> => {
    const found = await have(reference, origin);
    if (!found) throw new PullError(reference, 'the Docker daemon does not have it although it said so');
    return found;
  };

  const chosen = valueOf(env, 'BASE_IMAGE');
  if (chosen) {
    const present = await have(chosen, 'variable BASE_IMAGE');
    if (present) return present;
    try {
      await pullImage(docker, chosen, options);
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
      throw new EnvironmentError(`${error.message}\n  try: correct the variable BASE_IMAGE, or unset it`, { cause: error });
    }
    return after(chosen, 'variable BASE_IMAGE');
  }

  const { base, asked } = debianBase(manifest.base, env);
  const present =
    (asked ? undefined : await have(manifest.base.image, 'local')) ?? (await have(base.reference, 'made here', base.hash));
  if (present) return present;
  if (!asked) {
    try {
      await pullImage(docker, manifest.base.image, { ...options, stallMs: registryStallMs });
      return await after(manifest.base.image, 'pulled');
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
      onLine?.('base', `${error.message}; making it from Debian packages instead`);
    }
  }
  await makeDebianBase(docker, base, { ...env, ...(await buildVariables(env)) }, options);
  return after(base.reference, 'made here');
}

/** What would be made, and whether the variables ask for it. Pure. */
export function debianBase(entry: BaseEntry, env: Variables): { readonly base: DebianBase; readonly asked: boolean } {
  const suite = valueOf(env, 'ALPY_DEBIAN_SUITE');
  const mirror = valueOf(env, 'ALPY_DEBIAN_MIRROR');
  const source = { suite: suite ?? entry.suite, mirror: mirror ?? entry.mirror };
  const base = { ...source, reference: `alpy/base:${source.suite}`, hash: valueHash(mmdebstrapArgs(source)) };
  return { base, asked: suite !== undefined || mirror !== undefined };
}
