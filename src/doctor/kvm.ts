// SPDX-License-Identifier: GPL-3.0-or-later
import { constants } from 'node:fs';
import { messageOf } from '../core/errors.ts';
import type { Engine } from '../docker/index.ts';
import { probeKvm, type Accel } from '../qemu/index.ts';
import { hasAccess } from './file-access.ts';
import { failure, type Finding } from './finding.ts';

const name = 'KVM';
const device = '/dev/kvm';

/** How to check KVM. */
export interface KvmCheck {
  readonly accel: Accel | 'auto';
  /** file that remembers whether KVM works */
  readonly accelCacheFile?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Checks whether a guest runs with KVM, by booting one.
 * @param image - location of the QEMU image
 */
export async function checkKvm(engine: Engine, image: string, { accel, accelCacheFile, signal }: KvmCheck): Promise<Finding> {
  try {
    const { works, reason } = await probeKvm({ engine, image, cacheFile: accelCacheFile, signal });
    if (works) return { name, result: 'ok', text: `works: ${reason}` };
    if (accel === 'kvm') return failure(name, `does not work: ${reason}`, 'set accel to auto or tcg');
    return { name, result: 'warning', text: `does not work: ${reason}. Guests run with TCG, several times slower` };
  } catch (error) {
    return failure(name, messageOf(error), 'set accel to tcg');
  }
}

/** Checks whether the device exists. This process needs no access: the daemon passes the device to QEMU's container. */
export async function checkKvmDevice(): Promise<Finding> {
  if (await hasAccess(device, constants.F_OK))
    return { name, result: 'ok', text: `${device} exists; alpy doctor tests whether guests run with it` };
  return { name, result: 'warning', text: `${device} is missing: guests run with TCG, several times slower` };
}
