// SPDX-License-Identifier: GPL-3.0-or-later

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
