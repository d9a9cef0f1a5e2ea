// SPDX-License-Identifier: GPL-3.0-or-later
import { endsAt, nicEnd, type Plan, type PlannedEnd, type TopologyPath, type TopologyProblem } from './plan.ts';
import type { Topology } from './topology.ts';

/** An interface and its MAC address. */
interface Owner {
  readonly mac: string;
  /** how messages call it */
  readonly name: string;
  readonly path: TopologyPath;
}

/** Finds MAC addresses that several interfaces of a topology have. Pure. */
export function macProblems(topology: Topology, plan: Plan): readonly (TopologyProblem & { readonly owner: string })[] {
  const owners = ownersOf(topology, plan);
  return owners.flatMap(({ mac, name, path }, index) => {
    const other = owners.slice(0, index).find((one) => one.mac === mac);
    if (!other) return [];
    const text = `expected an address that no other interface has, got ${mac}, which ${other.name} has too. Change one of them`;
    return [{ path, text, owner: name }];
  });
}

function ownersOf({ duts, nodes }: Topology, plan: Plan): readonly Owner[] {
  return [
    ...nodes.flatMap(({ name, interfaces }) =>
      interfaces.map((one, number) => ({
        mac: one.mac,
        name: interfaces.length === 1 ? name : `${name} (${one.name})`,
        path: macPath(endsAt(plan, name)[number], ['nodes', name]),
      })),
    ),
    ...duts.flatMap(({ name, nics }) =>
      nics.map(({ mac }, number) => ({
        mac,
        name: plan.isShort ? `appliance.nics.${number}` : `${name}:${number}`,
        path: macPath(nicEnd(plan, name, number), ['duts', name]),
      })),
    ),
  ];
}

/** What set a MAC address: the link, or what is at its end. */
function macPath(end: PlannedEnd | undefined, otherwise: TopologyPath): TopologyPath {
  if (end?.mac === undefined) return otherwise;
  const [links = '', index = 0, , number = 0] = end.path;
  return [links, index, 'mac', number];
}
