// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import { dhcpProblems, type ServiceProblem } from './dhcp-ranges.ts';
import { bondProblems, sysctlProblems } from './host-problems.ts';
import { interfaceConflicts, reachProblems } from './interface-problems.ts';
import type { NodeChanges, NodeConfig } from './node-config.ts';
import { interfaceConfig, interfaceName, ownConfig } from './resolve-nodes.ts';
import { isUplink, uplinkProblems } from './uplink.ts';

/**
 * What is wrong with a node as a whole, although each of its values is right. Pure.
 * @param count - how many interfaces the node has
 */
export function nodeProblems(config: NodeConfig, count = 1): readonly ServiceProblem[] {
  const { interfaces = {}, bond, dhcp, dns, http, syslog } = config;
  const names = Array.from({ length: count }, (_, number) => interfaceName(number));
  const all = names.map((_, number) => interfaceConfig(config, number, count));
  const addresses = [...all, ...(bond ? [bond] : [])].flatMap(({ address }) => asList(address));
  const httpPort = http?.port ?? 80;
  const taken = [...(dns ? [53] : []), ...(syslog ? [syslog.port ?? 514] : [])];
  return [
    ...Object.keys(interfaces).flatMap((name) =>
      names.includes(name)
        ? []
        : [{ path: ['interfaces', name], expected: `one of the interfaces of the node (${names.join(', ')})`, isName: true }],
    ),
    ...misplacedKeys(config, count),
    ...uplinkProblems(config, count),
    ...(config.kind === 'guest' ? guestProblems(config) : []),
    ...[...interfaceConflicts(ownConfig(config)), ...reachProblems(ownConfig(config), 'the node')].filter(
      () => count === 1 && !bond,
    ),
    ...Object.entries(interfaces).flatMap(([name, one]) =>
      [...interfaceConflicts(one), ...reachProblems(one, name)].map(({ path, expected }) => ({
        path: ['interfaces', name, ...path],
        expected,
      })),
    ),
    ...bondProblems(config, names),
    ...sysctlProblems(config),
    ...(dhcp && !isUplink(config)
      ? dhcpProblems(addresses, dhcp).map(({ path, expected }) => ({ path: ['dhcp', ...path], expected }))
      : []),
    ...(http && taken.includes(httpPort)
      ? [{ path: ['http', 'port'], expected: 'a TCP port that dns and syslog do not use' }]
      : []),
    ...(dns && syslog?.port === 53 ? [{ path: ['syslog', 'port'], expected: 'a port that dns does not use' }] : []),
  ];
}

/**
 * What is wrong with changes of a node that runs, although each of their values is right. Pure.
 * @param declared - what its configuration says
 * @param names - of all its interfaces
 */
export function changeProblems(
  changes: NodeChanges,
  declared: NodeConfig | undefined,
  names: readonly string[],
): readonly ServiceProblem[] {
  const { bond } = changes;
  return [
    ...(bond ? misplacedKeys(changes, names.length) : []),
    ...(bond && isUplink(declared)
      ? [{ path: ['bond'], expected: 'no bond beside uplink, which is for a node with one link' }]
      : []),
    ...bondProblems(changes, names),
    ...sysctlProblems(changes, names),
  ];
}

/** Keys of a node that belong to one of its interfaces. */
function misplacedKeys(config: NodeConfig, count: number): readonly ServiceProblem[] {
  const keys = Object.entries(ownConfig(config)).flatMap(([key, value]) => (value === undefined ? [] : [key]));
  if (config.bond && keys.length > 0)
    return keys.map((key) => ({ path: [key], expected: `bond.${key}, because the node has a bond` }));
  if (count > 1)
    return keys.map((key) => ({ path: [key], expected: `interfaces.eth0.${key}, because the node has ${count} interfaces` }));
  if (config.interfaces?.[interfaceName(0)] === undefined) return [];
  return keys.map((key) => ({ path: [key], expected: `interfaces.eth0.${key}, beside the other keys of eth0` }));
}

/** Services run in containers, which cannot share the network of a guest. */
function guestProblems(config: NodeConfig): readonly ServiceProblem[] {
  const kinds = ['dhcp', 'dns', 'http', 'tftp', 'ntp', 'syslog'] as const;
  const services = kinds.filter((kind) => config[kind] !== undefined);
  return [
    ...services.map((kind) => ({
      path: [kind],
      expected: `no ${kind} for a node of kind guest, because services run in containers: declare it for another node`,
    })),
    ...(isUplink(config)
      ? [{ path: ['uplink'], expected: 'no uplink for a node of kind guest: declare it for another node' }]
      : []),
  ];
}
