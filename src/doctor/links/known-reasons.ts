// SPDX-License-Identifier: GPL-3.0-or-later
import type { FrameOutcome } from './compare.ts';

/** Shortest frame of Ethernet without its checksum, in `bytes`. */
const shortestFrame = 60;

/** Where a frame was seen. */
export interface Place {
  /** of the NIC that got or recorded it; absent for a node */
  readonly model?: string | undefined;
  /** whether the link joins nodes alone */
  readonly isBetweenNodes?: boolean | undefined;
}

/** Why a frame did not pass unchanged, if that is no fault. Pure. */
export function knownReason(frame: Buffer, outcome: FrameOutcome, { model, isBetweenNodes = false }: Place): string | undefined {
  const isPadded = isBetweenNodes || (model !== undefined && model !== 'virtio-net-pci');
  if (!isPadded || outcome.kind !== 'changed') return undefined;
  const padded = Buffer.concat([frame, Buffer.alloc(Math.max(0, shortestFrame - frame.length))]);
  if (!outcome.received.equals(padded)) return undefined;
  if (isBetweenNodes) return `QEMU pads frames between nodes on a link without a device to ${shortestFrame} bytes`;
  return `QEMU pads frames for NICs of the model ${model} to ${shortestFrame} bytes, because such a NIC expects no shorter ones`;
}
