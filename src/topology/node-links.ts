// SPDX-License-Identifier: GPL-3.0-or-later
import { BugError } from '../core/errors.ts';
import type { EndSpec, InterfaceSpec, NicSpec, NodeSpec, Topology } from './topology.ts';

/** A link between a NIC and a node, with both ends looked up. */
export interface NodeLink {
  readonly name: string;
  readonly nic: NicSpec;
  readonly node: NodeSpec;
  /** the node's interface on this link */
  readonly interface: InterfaceSpec;
}

type NicEnd = Extract<EndSpec, { kind: 'nic' }>;
type InterfaceEnd = Extract<EndSpec, { kind: 'interface' }>;

/** The links between a NIC and a node, in the order of the topology's links. Pure. */
export function nodeLinks(topology: Topology): readonly NodeLink[] {
  return topology.links.flatMap(({ name, ends }) => {
    const nicEnd = ends.find((end): end is NicEnd => end.kind === 'nic');
    const interfaceEnd = ends.find((end): end is InterfaceEnd => end.kind === 'interface');
    if (!nicEnd || !interfaceEnd) return [];
    const nic = topology.duts.find((dut) => dut.name === nicEnd.dut)?.nics.find(({ id }) => id === nicEnd.nic);
    const node = topology.nodes.find((candidate) => candidate.name === interfaceEnd.node);
    const device = node?.interfaces.find((candidate) => candidate.name === interfaceEnd.interface);
    if (!nic || !node || !device) throw new BugError(`${name} leads to an end that the topology does not have`);
    return [{ name, nic, node, interface: device }];
  });
}
