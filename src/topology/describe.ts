// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import type { EndSpec, Topology } from './topology.ts';
import { isUplink, uplinkRouter, type UplinkRouter } from './uplink.ts';
import { recorderOf, wiresOf } from './wires.ts';

/** A topology for people and programs: names and addresses, without QEMU's identifiers. Plain JSON data. */
export interface DescribedTopology {
  readonly duts: readonly {
    readonly name: string;
    readonly appliance: string;
    readonly nics: readonly { readonly name: string; readonly mac: string; readonly link: string }[];
  }[];
  readonly nodes: readonly {
    readonly name: string;
    readonly interfaces: readonly {
      readonly name: string;
      readonly mac: string;
      readonly addresses: readonly string[];
      readonly link: string;
    }[];
    /** `guest` for a node with a kernel of its own; absent for others */
    readonly kind?: 'guest';
    /** the router through which its link leads to the outside; absent for a node without an uplink */
    readonly uplink?: UplinkRouter;
  }[];
  readonly links: readonly DescribedLink[];
  readonly segments: readonly DescribedLink[];
}

/** A link or segment. */
export interface DescribedLink {
  readonly name: string;
  /** `left:0` for a NIC, `client:eth0` for an interface of a node */
  readonly ends: readonly string[];
  /** name of the pcap file */
  readonly capture: string;
}

/** Describes a topology by its names. Pure. */
export function describeTopology(topology: Topology): DescribedTopology {
  const { duts, nodes, links, segments } = topology;
  const linkAt = (end: string): string =>
    [...links, ...segments].find(({ ends }) => ends.some((one) => endName(topology, one) === end))?.name ?? '';
  const wires = wiresOf(topology);
  const captureOf = (link: string): string => {
    const wire = wires.find(({ name }) => name === link);
    return (wire && recorderOf(wire)?.capture.file) ?? '';
  };
  const described = ({ name, ends }: { readonly name: string; readonly ends: readonly EndSpec[] }): DescribedLink => {
    return { name, ends: ends.map((end) => endName(topology, end)), capture: captureOf(name) };
  };
  return {
    duts: duts.map(({ name, appliance, nics }) => ({
      name,
      appliance,
      nics: nics.map(({ mac }, number) => ({ name: `${name}:${number}`, mac, link: linkAt(`${name}:${number}`) })),
    })),
    nodes: nodes.map(({ name, interfaces, config }) => ({
      name,
      interfaces: interfaces.map(({ name: own, mac, config: ofInterface }) => ({
        name: own,
        mac,
        addresses: asList(ofInterface?.address),
        link: linkAt(`${name}:${own}`),
      })),
      ...(config?.kind === 'guest' ? { kind: config.kind } : {}),
      ...(config && isUplink(config) ? { uplink: uplinkRouter(config) } : {}),
    })),
    links: links.map(described),
    segments: segments.map(described),
  };
}

/** The name of an end: `left:0` for a NIC, `client:eth0` for an interface of a node. Pure. */
export function endName({ duts }: Topology, end: EndSpec): string {
  if (end.kind === 'interface') return `${end.node}:${end.interface}`;
  const number = duts.find(({ name }) => name === end.dut)?.nics.findIndex(({ id }) => id === end.nic) ?? -1;
  return `${end.dut}:${number}`;
}
