// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';

/** An image with the location to use, and who set it. */
export interface ResolvedImage {
  /** short name: `qemu` */
  readonly name: string;
  /** location: `alpy/qemu:latest` */
  readonly reference: string;
  /** `default`, or what set the location: `variable ALPY_REGISTRY`, `config images.qemu`; several are joined by commas */
  readonly origin: string;
  /** whether alpy has a Dockerfile for it */
  readonly buildable: boolean;
}

/** The image called `name`. @throws UsageError that lists the names there are */
export function imageNamed(images: readonly ResolvedImage[], name: string): ResolvedImage {
  const found = images.find((image) => image.name === name);
  if (!found) throw new UsageError(`no image is called ${name}; there are: ${images.map((image) => image.name).join(', ')}`);
  return found;
}
