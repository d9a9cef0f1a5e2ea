// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { EnvironmentError } from '../core/errors.ts';
import { registryLogin } from './auth.ts';
import { MissingImageError } from './errors.ts';
import { inspectImage } from './inspect.ts';
import type { WorkOptions } from './progress.ts';
import { hashTag, splitReference } from './reference.ts';
import type { ResolvedImage } from './resolved-image.ts';
import { awaitTransfer } from './transfer.ts';
import type { Variables } from '../core/variables.ts';

/** How long nothing may happen during a push, in `ms`. */
const stallMs = 120_000;

/** An image could not be pushed to its registry. */
export class PushError extends EnvironmentError {
  override readonly code = 'ALPY_IMAGE_PUSH';

  constructor(reference: string, reason: string, options?: ErrorOptions) {
    super(`could not push ${reference}: ${reason.trim()}`, options);
  }
}

/**
 * Pushes an image to its location, and under further tags of the same repository, one of which is the hash of what it was
 * built from. Does not send layers that the registry already has.
 * @returns the locations that were pushed
 * @throws MissingImageError if the daemon does not have the image
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
    const reference = `${repository}:${name}`;
    await awaitTransfer({
      stallMs,
      // the Engine API requires the header even without a login
      start: (abortSignal) => docker.getImage(reference).push({ authconfig: authconfig ?? {}, abortSignal }),
      onEvent: ({ status, id }) => {
        if (status !== undefined && id === undefined) onLine?.(image.name, status);
      },
      failure: (reason, options) => new PushError(reference, reason, options),
      signal,
    });
  }
  return [...all].map((name) => `${repository}:${name}`);
}
