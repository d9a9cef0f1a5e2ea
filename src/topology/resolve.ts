// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import type { InterfaceSpec, LinkSpec, NicSpec, NodeSpec, RawTopology, Topology } from './topology.ts';

/** PCI slot of the first NIC: fixed, so that other devices do not change the order in which a guest names its NICs. */
const firstNicSlot = 0x10;

/** The most links that a topology may have: a NIC in each PCI slot from 0x10 to 0x1e. The q35 machine uses 0x1f itself. */
export const maxLinks = 15;

const dutName = 'dut';
const interfaceName = 'eth0'; // each node has one

/**
 * Decides every name, address and identifier of a topology. Pure.
 * @throws UsageError if there are too many links
 */
export function resolveTopology({ links }: RawTopology): Topology {
  if (!Number.isInteger(links) || links < 0 || links > maxLinks)
    throw new UsageError(`topology.links: expected a whole number from 0 to ${maxLinks}, got ${String(links)}`);
  const indexes = Array.from({ length: links }, (_, index) => index);
  return {
    duts: [{ name: dutName, nics: indexes.map(nicSpec) }],
    nodes: indexes.map(nodeSpec),
    links: indexes.map(linkSpec),
  };
}

function nicSpec(index: number): NicSpec {
  return {
    id: nicId(index),
    netdev: `net${index}`,
    // QEMU's prefix; the same in every testbed, because no testbed sees the links of another
    mac: `52:54:00:a1:00:${hexByte(index)}`,
    pciSlot: firstNicSlot + index,
    tap: `tap${index}`,
    capture: { id: `capture${index}`, file: `${linkName(index)}.pcap` },
  };
}

function nodeSpec(index: number): NodeSpec {
  return { name: nodeName(index), interfaces: [interfaceSpec(index)] };
}

function interfaceSpec(index: number): InterfaceSpec {
  return { name: interfaceName, mac: `02:00:00:a1:00:${hexByte(index)}` }; // locally administered
}

function linkSpec(index: number): LinkSpec {
  return {
    name: linkName(index),
    ends: [
      { kind: 'nic', dut: dutName, nic: nicId(index) },
      { kind: 'interface', node: nodeName(index), interface: interfaceName },
    ],
  };
}

function nicId(index: number): string {
  return `nic${index}`;
}

function nodeName(index: number): string {
  return `node${index}`;
}

function linkName(index: number): string {
  return `link${index}`;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}
