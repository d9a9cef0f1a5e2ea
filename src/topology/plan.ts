// SPDX-License-Identifier: GPL-3.0-or-later
import type { ShortTopology } from './raw-topology.ts';

/** Keys of the configuration below `topology`. */
export type TopologyPath = readonly (string | number)[];

/** Something that is wrong with a topology. */
export interface TopologyProblem {
  readonly path: TopologyPath;
  /** what was expected, what was found, and what to do */
  readonly text: string;
}

/** A topology whose names are known, but no address or identifier yet. */
export interface Plan {
  readonly isShort: boolean;
  readonly duts: readonly { readonly name: string; readonly appliance: string }[];
  readonly nodes: readonly string[];
  /** links, then segments */
  readonly connections: readonly Connection[];
}

/** A link or a segment. */
export interface Connection {
  readonly kind: 'link' | 'segment';
  readonly name: string;
  /** whether the configuration names it; else its name is that of its ends */
  readonly isNamed: boolean;
  readonly path: TopologyPath;
  readonly ends: readonly PlannedEnd[];
}

/** An end, with its MAC address if that is not the default. */
export type PlannedEnd = (
  { readonly kind: 'nic'; readonly dut: string; readonly number: number } | { readonly kind: 'interface'; readonly node: string }
) & { readonly path: TopologyPath; readonly mac?: string };

const dutName = 'dut';
const applianceName = 'appliance'; // the configuration's key

/** The plan of the short form. Pure. */
export function shortPlan({ links }: ShortTopology): Plan {
  const indexes = Array.from({ length: links }, (_, index) => index);
  const path = ['links'];
  return {
    isShort: true,
    duts: [{ name: dutName, appliance: applianceName }],
    nodes: indexes.map((index) => `node${index}`),
    connections: indexes.map((index) => ({
      kind: 'link',
      name: `link${index}`,
      isNamed: false,
      path,
      ends: [
        { kind: 'nic', dut: dutName, number: index, path },
        { kind: 'interface', node: `node${index}`, path },
      ],
    })),
  };
}

/** Every end of every link, then of every segment. Pure. */
export function endsOf({ connections }: Plan): readonly PlannedEnd[] {
  return connections.flatMap(({ ends }) => ends);
}

/** The ends of links and segments at a node, in the order of its interfaces. Pure. */
export function endsAt(plan: Plan, node: string): readonly PlannedEnd[] {
  return endsOf(plan).filter((end) => end.kind === 'interface' && end.node === node);
}

/** What is connected to a NIC. Pure. */
export function nicEnd(plan: Plan, dut: string, number: number): PlannedEnd | undefined {
  return endsOf(plan).find((end) => end.kind === 'nic' && end.dut === dut && end.number === number);
}

/** The numbers of a device's NICs, ascending. Pure. */
export function nicNumbers(plan: Plan, dut: string): readonly number[] {
  const numbers = endsOf(plan).flatMap((end) => (end.kind === 'nic' && end.dut === dut ? [end.number] : []));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** How an end is written in a configuration. Pure. */
export function endText(end: PlannedEnd): string {
  return end.kind === 'nic' ? `${end.dut}:${end.number}` : end.node;
}
