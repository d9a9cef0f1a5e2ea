// SPDX-License-Identifier: GPL-3.0-or-later
import type { FrameOutcome } from './compare.ts';

/** Shortest frame of Ethernet without its checksum, in `bytes`. */
const shortestFrame = 60;

/**
 * Why a frame did not pass unchanged, if that is no fault. Pure.
 * @param model - of the NIC that got or recorded it; absent for a node
 */
export function knownReason(frame: Buffer, outcome: FrameOutcome, model: string | undefined): string | undefined {
  if (model === undefined || model === 'virtio-net-pci' || outcome.kind !== 'changed') return undefined;
  const padded = Buffer.concat([frame, Buffer.alloc(Math.max(0, shortestFrame - frame.length))]);
  if (!outcome.received.equals(padded)) return undefined;
  return `QEMU pads frames for NICs of the model ${model} to ${shortestFrame} bytes, because such a NIC expects no shorter ones`;
}
