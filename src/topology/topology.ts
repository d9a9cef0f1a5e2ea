// SPDX-License-Identifier: GPL-3.0-or-later
import type { InterfaceConfig, NodeConfig } from './node-config.ts';

/**
 * The DUTs, nodes and links of a testbed, with every name, address and identifier decided. Plain JSON data. Names are unique
 * among the DUTs, the nodes and the links; links refer to their ends by name.
 */
export interface Topology {
  readonly duts: readonly [DutSpec, ...DutSpec[]];
  readonly nodes: readonly NodeSpec[];
  readonly links: readonly LinkSpec[];
  readonly segments: readonly SegmentSpec[];
}

/** A device under test and its NICs, in the order of their PCI places. */
export interface DutSpec {
  readonly name: string;
  /** name of the appliance that it is made from */
  readonly appliance: string;
  readonly nics: readonly NicSpec[];
}

/** A NIC of a DUT and what QEMU attaches to it. */
export interface NicSpec {
  /** identifier of the device in QEMU; unique within its DUT */
  readonly id: string;
  /** identifier of its backend in QEMU */
  readonly netdev: string;
  readonly mac: string;
  /** which bus it is on: that of the machine, or one behind a bridge in `bridgeSlot` */
  readonly pciBus: 'root' | 'bridge';
  readonly pciSlot: number;
  /** name of its tap, until a node gets it; unique within the testbed */
  readonly tap: string;
  /** absent if another NIC records the frames of its link */
  readonly capture?: CaptureSpec;
}

/** What records the frames of a link. */
export interface CaptureSpec {
  /** identifier in QEMU */
  readonly id: string;
  /** name of the pcap file in the testbed's folder */
  readonly file: string;
}

/** A node: a container that holds a network namespace, or a small guest. */
export interface NodeSpec {
  readonly name: string;
  readonly interfaces: readonly [InterfaceSpec, ...InterfaceSpec[]];
  /** what the configuration says about it; absent if it says nothing */
  readonly config?: NodeConfig;
}

/** A network interface of a node. */
export interface InterfaceSpec {
  /** as in the node's namespace; unique within the node */
  readonly name: string;
  readonly mac: string;
  /** its addresses and routes before the virtual CPU runs; absent for none */
  readonly config?: InterfaceConfig;
}

/** A cable between two ends. */
export interface LinkSpec {
  readonly name: string;
  readonly ends: readonly [EndSpec, EndSpec];
}

/** A hub. It sends each frame to all ends but the one that it came from. */
export interface SegmentSpec {
  readonly name: string;
  /** at least two */
  readonly ends: readonly EndSpec[];
}

/** An end of a link or segment: a NIC, by its `id`, or an interface of a node. */
export type EndSpec =
  | { readonly kind: 'nic'; readonly dut: string; readonly nic: string }
  | { readonly kind: 'interface'; readonly node: string; readonly interface: string };
