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

/** Options of {@link buildImages}, {@link provideImages} and {@link pullImages}. */
export interface ImageWork extends WorkOptions {
  readonly docker: Docker;
  /** the environment: `BASE_IMAGE`, `ALPY_DEBIAN_MIRROR`, `ALPY_DEBIAN_SUITE`, proxies */
  readonly env: Variables;
  /** the list of images; default: the package's own */
  readonly manifest?: Manifest | undefined;
  /** whether {@link buildImages} looks in the registry first for images that were built from the same files */
  readonly reuse?: boolean | undefined;
  /** receives each result immediately */
  readonly onResult?: ((result: ImageResult) => void) | undefined;
}

/** What was done for the images. */
export interface ImagesOutcome {
  readonly base: BaseImage;
  readonly results: readonly ImageResult[];
}

/**
 * Builds the images that alpy has a Dockerfile for, one after another, and names each by its location. Skips those that are up
 * to date.
 * @throws ImageBuildError for the first that fails
 */
export function buildImages(images: readonly ResolvedImage[], work: ImageWork): Promise<ImagesOutcome> {
  return provide(
    images.filter(({ buildable }) => buildable),
    work,
    () => false,
  );
}

/**
 * Makes sure that the daemon has all images. Images at their default location are built. Images with a location from a variable
 * or the configuration are pulled, because a local build under that name would hide the image that is meant.
 * @throws ImageBuildError for the first build that fails
 * @throws {@link MissingImageError} for the first image that cannot be pulled
 */
export function provideImages(images: readonly ResolvedImage[], work: ImageWork): Promise<ImagesOutcome> {
  return provide(images, work, ({ origin }) => origin !== 'default');
}

/**
 * Pulls the images that the daemon does not have.
 * @throws {@link MissingImageError} for the first that cannot be pulled
 * @throws what registryLogin throws
 */
export async function pullImages(images: readonly ResolvedImage[], work: ImageWork): Promise<void> {
  for (const image of images) work.onResult?.(await pullMissing(image, work));
}

async function provide(
  images: readonly ResolvedImage[],
  work: ImageWork,
  isPulled: (image: ResolvedImage) => boolean,
): Promise<ImagesOutcome> {
  const { docker, env, manifest = loadManifest(), onResult } = work;
  const base = await provideBaseImage(docker, manifest, env, work);
  const variables = once(() => buildVariables(env));
  const results: ImageResult[] = [];
  for (const image of images) {
    const result = isPulled(image)
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
