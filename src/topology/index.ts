// SPDX-License-Identifier: GPL-3.0-or-later
export { nodeLinks, type NodeLink } from './node-links.ts';
export { bridgeSlot, maxLinks } from './pci-places.ts';
export { resolveTopology } from './resolve.ts';
export type {
  CaptureSpec,
  DutSpec,
  EndSpec,
  InterfaceSpec,
  LinkSpec,
  NicsOfAppliance,
  NicSpec,
  NodeSpec,
  RawTopology,
  Topology,
} from './topology.ts';
