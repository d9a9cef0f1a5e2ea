// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { raceWithSignal } from '../core/deadline.ts';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { hashLabel } from './content-hash.ts';
import { MissingImageError } from './errors.ts';
import type { ResolvedImage } from './resolved-image.ts';

interface ImageConfig {
  readonly Labels: Readonly<Record<string, string | undefined>> | null;
  readonly Volumes: Readonly<Record<string, unknown>> | null;
}

/** An image that the daemon has. */
export interface PresentImage {
  /** `sha256:…` */
  readonly id: string;
  /** creation time, in `ms` since 1970; NaN if the image has none */
  readonly createdMs: number;
  /** size of all layers, in `bytes` */
  readonly sizeBytes: number;
  /** folders that it declares as volumes */
  readonly volumes: readonly string[];
  /** hash of what it was built from; absent if alpy did not build it */
  readonly hash: string | undefined;
}

/**
 * Looks up an image. @returns `undefined` if the daemon does not have it
 * @throws EnvironmentError if the daemon does not answer
 */
export async function inspectImage(docker: Docker, reference: string, signal?: AbortSignal): Promise<PresentImage | undefined> {
  try {
    const inspection = docker.getImage(reference).inspect(); // does not take a signal
    const { Id, Created, Size, Config } = await raceWithSignal(inspection, signal);
    // both are null if an image has none; the types do not say so
    const { Labels, Volumes } = (Config as Partial<ImageConfig> | null | undefined) ?? {};
    const volumes = Object.keys(Volumes ?? {});
    return { id: Id, createdMs: Date.parse(Created), sizeBytes: Size, volumes, hash: Labels?.[hashLabel] };
  } catch (error) {
    signal?.throwIfAborted();
    if (statusOf(error) === 404) return undefined;
    throw new EnvironmentError(`could not ask the Docker daemon for image ${reference}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Looks up an image that a testbed is about to use.
 * @throws {@link MissingImageError} if the daemon does not have it; says what set its location and what to do
 */
export async function findImage(docker: Docker, image: ResolvedImage, signal?: AbortSignal): Promise<PresentImage> {
  const found = await inspectImage(docker, image.reference, signal);
  if (!found) throw new MissingImageError(image);
  return found;
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined;
}
