// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { messageOf } from '../core/errors.ts';
import { registryLogin } from './auth.ts';
import { provideBaseImage, type BaseImage } from './base-image.ts';
import { buildImage, type ImageResult } from './build.ts';
import { MissingImageError } from './errors.ts';
import { inspectImage } from './inspect.ts';
import { loadManifest, type Manifest } from './manifest.ts';
import type { WorkOptions } from './progress.ts';
import { buildVariables } from './proxy.ts';
import { pullImage } from './pull.ts';
import type { Variables } from '../core/variables.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** What {@link buildImages} and {@link provideImages} work with. */
export interface ImageWork extends WorkOptions {
  readonly docker: Docker;
  /** the environment: `BASE_IMAGE`, `ALPY_DEBIAN_MIRROR`, `ALPY_DEBIAN_SUITE`, proxies */
  readonly env: Variables;
  /** the list of images; the package's own unless told */
  readonly manifest?: Manifest | undefined;
  /** whether {@link buildImages} looks in the registry for what was built from the same files */
  readonly reuse?: boolean | undefined;
  /** takes each result as soon as there is one */
  readonly onResult?: ((result: ImageResult) => void) | undefined;
}

/** What was done. */
export interface ImagesOutcome {
  readonly base: BaseImage;
  readonly results: readonly ImageResult[];
}

/**
 * Builds those of `images` that alpy has a Dockerfile for, one after the other, and names each by its location, wherever
 * that came from. What is up to date is left alone.
 * @throws ImageBuildError at the first that fails
 */
export function buildImages(images: readonly ResolvedImage[], work: ImageWork): Promise<ImagesOutcome> {
  return provide(
    images.filter(({ buildable }) => buildable),
    work,
    () => false,
  );
}

/**
 * Makes sure that the daemon has all `images`: those at their default location are built, those that a variable or the
 * configuration places elsewhere are pulled, since a local build under that name would hide what its owner means.
 * @throws ImageBuildError at the first build that fails
 * @throws {@link MissingImageError} at the first image that cannot be pulled
 */
export function provideImages(images: readonly ResolvedImage[], work: ImageWork): Promise<ImagesOutcome> {
  return provide(images, work, ({ origin }) => origin !== 'default');
}

/**
 * Pulls those of `images` that the daemon does not have.
 * @throws {@link MissingImageError} at the first that cannot be pulled
 * @throws what registryLogin throws
 */
export async function pullImages(images: readonly ResolvedImage[], work: ImageWork): Promise<void> {
  for (const image of images) work.onResult?.(await pullMissing(image, work));
}

async function provide(
  images: readonly ResolvedImage[],
  work: ImageWork,
  isForeign: (image: ResolvedImage) => boolean,
): Promise<ImagesOutcome> {
  const { docker, env, manifest = loadManifest(), onResult } = work;
  const base = await provideBaseImage(docker, manifest, env, work);
  const variables = once(() => buildVariables(env));
  const results: ImageResult[] = [];
  for (const image of images) {
    const result = isForeign(image)
      ? await pullMissing(image, work)
      : await buildImage({ docker, env, manifest, base, variables, reuse: work.reuse ?? false }, image, work);
    onResult?.(result);
    results.push(result);
  }
  return { base, results };
}

async function pullMissing(image: ResolvedImage, { docker, env, onLine, signal }: ImageWork): Promise<ImageResult> {
  const startMs = performance.now();
  const present = await inspectImage(docker, image.reference, signal);
  if (!present) {
    const authconfig = await registryLogin(image.reference, env, signal);
    try {
      await pullImage(docker, image.reference, { onLine, signal, authconfig });
    } catch (error) {
      signal?.throwIfAborted();
      throw new MissingImageError(image, messageOf(error), { cause: error });
    }
  }
  return { image, action: present ? 'present' : 'pulled', durationMs: performance.now() - startMs };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
