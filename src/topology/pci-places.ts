// SPDX-License-Identifier: GPL-3.0-or-later
import type { NicSpec } from './topology.ts';

/** PCI slot of the first NIC: fixed, so that other devices do not change the order in which a guest names its NICs. */
const firstSlot = 0x10;

/** The most links that a topology may have. */
export const maxLinks = 32;

/** NICs that fit into the slots from 0x10 to 0x1e. The q35 machine uses 0x1f itself. */
const mostWithoutBridge = 15;

/** PCI slot of the bridge that more than 15 NICs need. It comes after all NICs in front of it. */
export const bridgeSlot = 0x1e;

/**
 * The PCI places of NICs. Guests find devices either bus by bus, or those behind a bridge when they reach the bridge; both ways
 * lead to the same order. Pure.
 */
export function pciPlaces(count: number): readonly Pick<NicSpec, 'pciBus' | 'pciSlot'>[] {
  const inFront = count <= mostWithoutBridge ? count : bridgeSlot - firstSlot;
  return Array.from(
    { length: count },
    (_, index) =>
      index < inFront ? { pciBus: 'root', pciSlot: firstSlot + index } : { pciBus: 'bridge', pciSlot: 1 + index - inFront }, // slot 0 may be the bridge's own controller
  );
}
