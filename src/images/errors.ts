// SPDX-License-Identifier: GPL-3.0-or-later
import { EnvironmentError, SettingsError } from '../core/errors.ts';
import type { ResolvedImage } from './resolved-image.ts';

/** The list of images (`ci-images/images.yaml`) cannot be used. */
export class ManifestError extends SettingsError {
  readonly code = 'ALPY_MANIFEST';
}

/** The Docker daemon does not have an image that a testbed needs. */
export class MissingImageError extends EnvironmentError {
  override readonly code = 'ALPY_IMAGE_MISSING';
  readonly reference: string;

  /**
   * @param image - name and location of the image, and what set the location
   * @param reason - why it could not be provided, such as the answer of a registry
   */
  constructor({ name, reference, origin, buildable }: ResolvedImage, reason?: string, options?: ErrorOptions) {
    const what = `the Docker daemon has no image ${reference} (image ${name}, location from ${origin})`;
    super(
      [what, ...(reason === undefined ? [] : [`  ${reason}`]), `  try: ${remedy(name, reference, origin, buildable)}`].join('\n'),
      options,
    );
    this.reference = reference;
  }
}

function remedy(name: string, reference: string, origin: string, buildable: boolean): string {
  if (!buildable) return `docker pull ${reference}, or correct ${origin}`;
  if (origin === 'default') return `alpy images build ${name} (in alpy's own repository: npm run setup)`;
  return `docker pull ${reference}; or, to build it here under this name: alpy images build ${name}; or correct ${origin}`;
}

/** A build that failed. */
export interface BuildFailure {
  /** short name of the image: `qemu` */
  readonly image: string;
  /** name of the result */
  readonly reference: string;
  /** the instruction or step that failed */
  readonly step: string;
  /** message of the daemon or program */
  readonly reason: string;
  /** last lines of output, oldest first */
  readonly lastLines: readonly string[];
  /** what to try next, as text or as a command */
  readonly next: string;
}

/** An image could not be built. */
export class ImageBuildError extends EnvironmentError {
  override readonly code = 'ALPY_IMAGE_BUILD';
  readonly failure: BuildFailure;

  constructor(failure: BuildFailure, options?: ErrorOptions) {
    const { image, reference, step, reason, lastLines, next } = failure;
    const output = lastLines.length === 0 ? [] : ['  last output:', ...lastLines.map((line) => `    ${line}`)];
    super(
      [`could not build image ${image} (${reference}): ${reason}`, `  step: ${step}`, ...output, `  try: ${next}`].join('\n'),
      options,
    );
    this.failure = failure;
  }
}
