// SPDX-License-Identifier: GPL-3.0-or-later
import type { FilePlaces } from './appliance-files.ts';

/** A Linux kernel that QEMU loads itself; paths on this machine. */
export interface KernelSpec {
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
  readonly kernelArgs?: string | undefined;
}

/** Arguments of QEMU for a kernel. Pure. */
export function kernelArguments({ kernel, initrd, kernelArgs }: KernelSpec, placeOf: FilePlaces): readonly string[] {
  return [
    ...(kernel === undefined ? [] : ['-kernel', placeOf(kernel)]),
    ...(initrd === undefined ? [] : ['-initrd', placeOf(initrd)]),
    ...(kernelArgs === undefined ? [] : ['-append', kernelArgs]),
  ];
}
