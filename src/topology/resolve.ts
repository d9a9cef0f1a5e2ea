// SPDX-License-Identifier: GPL-3.0-or-later
import { UsageError } from '../core/errors.ts';
import { assertMacsDiffer, assertNicsFit } from './assert-nics.ts';
import { maxLinks, pciPlaces } from './pci-places.ts';
import type { InterfaceSpec, LinkSpec, NicsOfAppliance, NicSpec, NodeSpec, RawTopology, Topology } from './topology.ts';

const dutName = 'dut';
const applianceName = 'appliance'; // the configuration's key
const interfaceName = 'eth0'; // each node has one

/**
 * Decides every name, address and identifier of a topology. Pure.
 * @param appliance - may have MAC addresses for its NICs
 * @throws UsageError if there are too many links, if the appliance's NICs do not go together with them, or if two interfaces have
 * the same MAC address
 */
export function resolveTopology({ links, nodes = {} }: RawTopology, appliance: NicsOfAppliance = {}): Topology {
  if (!Number.isInteger(links) || links < 0 || links > maxLinks)
    throw new UsageError(`topology.links: expected a whole number from 0 to ${maxLinks}, got ${String(links)}`);
  assertNicsFit(links, appliance);
  const indexes = Array.from({ length: links }, (_, index) => index);
  const topology: Topology = {
    duts: [
      {
        name: dutName,
        appliance: applianceName,
        nics: pciPlaces(links).map((place, index) => nicSpec(index, place, appliance.nics?.[index]?.mac)),
      },
    ],
    nodes: indexes.map((index) => nodeSpec(index, nodes)),
    links: indexes.map(linkSpec),
    segments: [],
  };
  assertMacsDiffer(topology);
  return topology;
}

/** The names of the nodes of a topology. */
export function nodeNames({ links }: RawTopology): readonly string[] {
  return Array.from({ length: links }, (_, index) => nodeName(index));
}

function nicSpec(index: number, place: Pick<NicSpec, 'pciBus' | 'pciSlot'>, mac: string | undefined): NicSpec {
  return {
    id: nicId(index),
    netdev: `net${index}`,
    // QEMU's prefix; the same in every testbed, because no testbed sees the links of another
    mac: mac?.toLowerCase() ?? `52:54:00:a1:00:${hexByte(index)}`,
    ...place,
    tap: `tap${index}`,
    capture: { id: `capture${index}`, file: `${linkName(index)}.pcap` },
  };
}

function nodeSpec(index: number, nodes: NonNullable<RawTopology['nodes']>): NodeSpec {
  const name = nodeName(index);
  const config = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
  return { name, interfaces: [interfaceSpec(index)], ...(config ? { config } : {}) };
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
