// SPDX-License-Identifier: GPL-3.0-or-later
import type Docker from 'dockerode';
import { EnvironmentError } from '../core/errors.ts';
import type { WorkOptions } from './progress.ts';
import { awaitTransfer } from './transfer.ts';

/** Options of a pull. */
export interface PullOptions extends WorkOptions {
  /** how long nothing may happen before the registry counts as unreachable, in `ms`; default: 60 s */
  readonly stallMs?: number | undefined;
  /** login for a private registry */
  readonly authconfig?: Docker.AuthConfig | undefined;
}

/** The image could not be pulled: the registry is unreachable, does not have it, or denies access. */
export class PullError extends EnvironmentError {
  override readonly code = 'ALPY_IMAGE_PULL';
  readonly reference: string;

  constructor(reference: string, reason: string, options?: ErrorOptions) {
    super(`could not pull ${reference}: ${reason.trim()}`, options);
    this.reference = reference;
  }
}

/**
 * Pulls an image.
 * @throws {@link PullError}
 */
export async function pullImage(docker: Docker, reference: string, options: PullOptions = {}): Promise<void> {
  const { stallMs = 60_000, authconfig, onLine, signal } = options;
  await awaitTransfer({
    stallMs,
    start: (abortSignal) => docker.pull(reference, { abortSignal, ...(authconfig && { authconfig }) }),
    onEvent: ({ status, id }) => {
      if (status !== undefined) onLine?.(reference, id === undefined ? status : `${id}: ${status}`);
    },
    failure: (reason, errorOptions) => new PullError(reference, reason, errorOptions),
    signal,
  });
}
