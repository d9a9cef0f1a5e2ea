// SPDX-License-Identifier: GPL-3.0-or-later
import { isIPv4 } from 'node:net';
import { asList } from '../core/list.ts';
import { dhcpRanges, type ServiceProblem } from './dhcp-ranges.ts';
import { withoutPrefix } from './ip.ts';
import type { NodeConfig } from './node-config.ts';
import { endsAt, type Plan } from './plan.ts';
import { interfaceConfig } from './resolve-nodes.ts';
import { isUplink } from './uplink.ts';

/**
 * What is wrong with a node because another one has an uplink on the same link or segment: both the uplink's router and the node would give
 * out IPv4 addresses with DHCP. Pure.
 * @param configs - of the nodes that have one, by their names
 */
export function uplinkNeighbourProblems(
  plan: Plan,
  configs: ReadonlyMap<string, NodeConfig>,
  node: string,
): readonly ServiceProblem[] {
  const { dhcp } = configs.get(node) ?? {};
  if (!dhcp) return [];
  const ends = endsAt(plan, node);
  return ends.flatMap((own, number) => {
    const connection = plan.connections.find((one) => one.ends.includes(own));
    const others = connection?.ends.flatMap((end) => (end.kind === 'interface' && end.node !== node ? [end.node] : [])) ?? [];
    const uplink = others.find((name) => isUplink(configs.get(name)));
    const { address } = interfaceConfig(configs.get(node), number, ends.length);
    const addresses = asList(address).filter((one) => isIPv4(withoutPrefix(one)));
    if (uplink === undefined || dhcpRanges(addresses, dhcp).length === 0) return [];
    const expected = `no DHCP server on ${connection?.name ?? ''}, where the router of ${uplink}'s uplink is one. Remove it, or set a range of another network`;
    return [{ path: ['dhcp'], expected }];
  });
}
