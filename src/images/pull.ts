// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { EnvironmentError, messageOf } from '../core/errors.ts';
import { engineEvents } from './engine-events.ts';
import type { WorkOptions } from './progress.ts';

/** How a pull is done. */
export interface PullOptions extends WorkOptions {
  /** how long nothing may happen before the registry counts as out of reach, in `ms`; 60 s unless told */
  readonly stallMs?: number | undefined;
  /** login of a private registry */
  readonly authconfig?: Docker.AuthConfig | undefined;
}

/** No registry gave the image: out of reach, no such image, not allowed. */
export class PullError extends EnvironmentError {
  override readonly code = 'ALPY_IMAGE_PULL';
  readonly reference: string;

  constructor(reference: string, reason: string, options?: ErrorOptions) {
    super(`could not pull ${reference}: ${reason.trim()}`, options);
    this.reference = reference;
  }
}

/**
 * Pulls an image. The deadline is for silence, not for the whole, so that a slow line is no failure.
 * @throws {@link PullError}
 */
export async function pullImage(docker: Docker, reference: string, options: PullOptions = {}): Promise<void> {
  const { stallMs = 60_000, authconfig, onLine, signal } = options;
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort(new PullError(reference, `nothing happened for ${stallMs / 1000} s`));
  }, stallMs);
  const abortSignal = signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal;
  try {
    const stream = await docker.pull(reference, { abortSignal, ...(authconfig && { authconfig }) });
    for await (const { status, id, error } of engineEvents(stream)) {
      timer.refresh();
      if (error !== undefined) throw new PullError(reference, error);
      if (status !== undefined) onLine?.(reference, id === undefined ? status : `${id}: ${status}`);
    }
  } catch (error) {
    signal?.throwIfAborted();
    stalled.signal.throwIfAborted();
    throw error instanceof PullError ? error : new PullError(reference, messageOf(error), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
