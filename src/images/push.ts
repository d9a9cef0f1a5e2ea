// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { registryLogin } from './auth.ts';
import { engineEvents } from './engine-events.ts';
import { MissingImageError } from './errors.ts';
import { inspectImage } from './inspect.ts';
import type { WorkOptions } from './progress.ts';
import { hashTag, splitReference } from './reference.ts';
import type { ResolvedImage } from './resolved-image.ts';
import type { Variables } from '../core/variables.ts';

/** How long a registry may stay silent during a push, in `ms`. */
const stallMs = 120_000;

/** A registry did not take an image. */
export class PushError extends EnvironmentError {
  override readonly code = 'ALPY_IMAGE_PUSH';

  constructor(reference: string, reason: string, options?: ErrorOptions) {
    super(`could not push ${reference}: ${reason.trim()}`, options);
  }
}

/**
 * Pushes an image to where its location says, and under further tags of the same repository, one of which
 * tells what it was built from. Layers that the registry has
 * are not sent again.
 * @returns the locations that were pushed
 * @throws MissingImageError when the daemon does not have it
 * @throws {@link PushError}
 */
export async function pushImage(
  image: ResolvedImage,
  tags: readonly string[],
  { docker, env, onLine, signal }: WorkOptions & { readonly docker: Docker; readonly env: Variables },
): Promise<readonly string[]> {
  const present = await inspectImage(docker, image.reference, signal);
  if (!present) throw new MissingImageError(image, 'it was not built yet');
  const { repository, tag } = splitReference(image.reference);
  const all = new Set([tag, ...tags, ...(present.hash === undefined ? [] : [hashTag(present.hash)])]);
  const authconfig = await registryLogin(image.reference, env, signal);
  for (const name of all) {
    if (name !== tag) await docker.getImage(image.reference).tag({ repo: repository, tag: name });
    await pushOne(`${repository}:${name}`);
  }
  return [...all].map((name) => `${repository}:${name}`);

  async function pushOne(reference: string): Promise<void> {
    const stalled = new AbortController();
    const timer = setTimeout(() => {
      stalled.abort(new PushError(reference, `nothing happened for ${stallMs / 1000} s`));
    }, stallMs);
    const abortSignal = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
    try {
      // the Engine API wants the header also where there is no login
      const stream = await docker.getImage(reference).push({ authconfig: authconfig ?? {}, abortSignal });
      for await (const { status, id, error } of engineEvents(stream)) {
        timer.refresh();
        if (error !== undefined) throw new PushError(reference, error);
        if (status !== undefined && id === undefined) onLine?.(image.name, status);
      }
    } catch (error) {
      signal?.throwIfAborted();
      stalled.signal.throwIfAborted();
      throw error instanceof PushError ? error : new PushError(reference, messageOf(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}
