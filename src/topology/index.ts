// SPDX-License-Identifier: GPL-3.0-or-later
export { nodeLinks, type NodeLink } from './node-links.ts';
export { maxLinks, resolveTopology } from './resolve.ts';
export type {
  CaptureSpec,
  DutSpec,
  EndSpec,
  InterfaceSpec,
  LinkSpec,
  NicSpec,
  NodeSpec,
  RawTopology,
  Topology,
} from './topology.ts';
