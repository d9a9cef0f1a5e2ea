// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';

/** An image with its location, and what set it. */
export interface ResolvedImage {
  /** short name: `qemu` */
  readonly name: string;
  /** location: `alpy/qemu:latest` */
  readonly reference: string;
  /** what set the location: `default`, `variable ALPY_REGISTRY`, `config images.qemu`; joined by commas if several */
  readonly origin: string;
  /** whether alpy has a Dockerfile for it */
  readonly buildable: boolean;
}

/** Finds an image by name. @throws UsageError that lists all names */
export function imageNamed(images: readonly ResolvedImage[], name: string): ResolvedImage {
  const found = images.find((image) => image.name === name);
  if (!found)
    throw new UsageError(`expected the name of an image (${images.map((image) => image.name).join(', ')}), got ${name}`);
  return found;
}
