// SPDX-License-Identifier: GPL-3.0-or-later
import type { ContainerSpec } from './spec.ts';

/**
 * Limits of the containers in which alpy runs a small program, such as `cat`. Measured: they use less than 10 MiB and 8
 * processes. Programs that need more say so where they are started.
 */
export const helperLimits = {
  readOnlyRoot: true,
  sharedMemory: false,
  memoryMiB: 64,
  pids: 32,
} as const satisfies Partial<ContainerSpec>;
