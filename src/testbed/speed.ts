// SPDX-License-Identifier: GPL-3.0-or-later
import type { Accel } from '../qemu/index.ts';

const rounds = 5;
const loops = 4_000_000;
/** What a round takes on a core of 3 GHz or so that has nothing else to do, in `ms`. */
const usualMs = 12;
/** A machine that seems slower still is one that stood still while it was measured. */
const slowest = 4;

/**
 * By what factor this machine is slower than a usual one, from 1 to 4: the best of some rounds of a fixed task, so that a
 * short disturbance does not count. A faster machine counts as a usual one.
 */
export function measureSlowness(now: () => number = () => performance.now()): number {
  let bestMs = Infinity;
  for (let round = 0; round < rounds && bestMs > usualMs; round += 1) {
    const startMs = now();
    work();
    bestMs = Math.min(bestMs, now() - startMs);
  }
  return Math.round(Math.min(slowest, Math.max(1, bestMs / usualMs)) * 10) / 10;
}

/** By what factor waits for a guest are longer than configured: without KVM it runs some four times slower. */
export function timeFactorOf(accel: Accel, slowness: number): number {
  return (accel === 'kvm' ? 1 : 4) * slowness;
}

/** Integer arithmetic that no compiler can leave out. */
function work(): number {
  let value = 1;
  for (let count = 0; count < loops; count += 1) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return value;
}
