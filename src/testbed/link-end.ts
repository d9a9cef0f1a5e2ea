// SPDX-License-Identifier: GPL-3.0-or-later
import type { Node, NodeInterface } from '../network/index.ts';
import type { FilterPlace, NicModel } from '../qemu/index.ts';
import type { NicSpec } from '../topology/index.ts';

/** A NIC of a device, at the end of a link. */
export interface NicOfDevice {
  readonly kind: 'nic';
  /** `left:0`, the NIC with this number of a device */
  readonly name: string;
  /** name of the device in the topology */
  readonly dut: string;
  /** hardware address */
  readonly mac: string;
  readonly model: NicModel;
  /** what QEMU calls it and its backend */
  readonly spec: Pick<NicSpec, 'id' | 'netdev'>;
  /** the device's QEMU */
  readonly machine: FilterPlace;
}

/** An interface of a node, at the end of a link. */
export interface InterfaceOfNode {
  readonly kind: 'interface';
  /** of the node */
  readonly name: string;
  readonly node: Node;
  readonly interface: NodeInterface;
  /** what it is in the QEMU that joins nodes; absent for a link with a NIC @internal */
  readonly port?: JunctionPort;
}

/** What an interface of a node is in the QEMU that joins nodes. */
export interface JunctionPort {
  /** name of its tap */
  readonly netdev: string;
  readonly machine: FilterPlace;
  /** whether its node declares an uplink, whose router is a further end of the link */
  readonly isUplink: boolean;
}

/** An end of a link. */
export type LinkEnd = NicOfDevice | InterfaceOfNode;

/** A link or segment, as far as faults need to know it. */
export interface JoinedEnds {
  readonly name: string;
  readonly ends: readonly LinkEnd[];
  readonly isSegment: boolean;
}
