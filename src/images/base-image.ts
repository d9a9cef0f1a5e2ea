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

/** The image that the others are built on; the daemon has it. */
export interface BaseImage {
  readonly reference: string;
  /** `sha256:…` */
  readonly id: string;
}

/** How long nothing may happen during a pull before the base is made from packages instead, in `ms`. */
const registryStallMs = 20_000;

/**
 * Provides the base image. The first of these that works is used: `BASE_IMAGE`; the official image if the daemon has it; one that
 * was made here before; the official one from its registry; a new one from Debian packages. If `ALPY_DEBIAN_SUITE` or
 * `ALPY_DEBIAN_MIRROR` is set, it is always made from packages.
 * @throws EnvironmentError if `BASE_IMAGE` cannot be pulled
 * @throws ImageBuildError if it cannot be made
 */
export async function provideBaseImage(
  docker: Docker,
  manifest: Manifest,
  env: Variables,
  options: WorkOptions = {},
): Promise<BaseImage> {
  const chosen = valueOf(env, 'BASE_IMAGE');
  if (chosen !== undefined) return provideChosenImage(docker, chosen, options);
  const { base, asked } = debianBase(manifest.base, env);
  const present =
    (asked ? undefined : await findBase(docker, manifest.base.image, options)) ??
    (await findBase(docker, base.reference, options, base.hash));
  if (present) return present;
  if (!asked) {
    try {
      await pullImage(docker, manifest.base.image, { ...options, stallMs: registryStallMs });
      return await requireBase(docker, manifest.base.image, options);
    } catch (error) {
      if (!(error instanceof PullError)) throw error;
      options.onLine?.('base', `${error.message}; making it from Debian packages instead`);
    }
  }
  await makeDebianBase(docker, base, { ...env, ...(await buildVariables(env)) }, options);
  return requireBase(docker, base.reference, options);
}

async function provideChosenImage(docker: Docker, reference: string, options: WorkOptions): Promise<BaseImage> {
  const present = await findBase(docker, reference, options);
  if (present) return present;
  try {
    await pullImage(docker, reference, options);
  } catch (error) {
    if (!(error instanceof PullError)) throw error;
    throw new EnvironmentError(`${error.message}\n  try: correct the variable BASE_IMAGE, or unset it`, { cause: error });
  }
  return requireBase(docker, reference, options);
}

async function findBase(
  docker: Docker,
  reference: string,
  { signal }: WorkOptions,
  hash?: string,
): Promise<BaseImage | undefined> {
  const found = await inspectImage(docker, reference, signal);
  return found && (hash === undefined || found.hash === hash) ? { reference, id: found.id } : undefined;
}

async function requireBase(docker: Docker, reference: string, options: WorkOptions): Promise<BaseImage> {
  const found = await findBase(docker, reference, options);
  if (!found) throw new PullError(reference, 'the Docker daemon reported success but does not have it');
  return found;
}

/** The image to make from packages, and whether variables ask for it. Pure. */
export function debianBase(entry: BaseEntry, env: Variables): { readonly base: DebianBase; readonly asked: boolean } {
  const suite = valueOf(env, 'ALPY_DEBIAN_SUITE');
  const mirror = valueOf(env, 'ALPY_DEBIAN_MIRROR');
  const source = { suite: suite ?? entry.suite, mirror: mirror ?? entry.mirror };
  const base = { ...source, reference: `alpy/base:${source.suite}`, hash: valueHash(mmdebstrapArgs(source)) };
  return { base, asked: suite !== undefined || mirror !== undefined };
}
