// SPDX-License-Identifier: GPL-3.0-or-later
import type { ServiceProblem } from './dhcp-ranges.ts';
import { interfaceConflicts, reachProblems } from './interface-problems.ts';
import type { NodeChanges, NodeConfig } from './node-config.ts';

/** Alpy's servers run as ordinary users, and need their ports. */
const portSetting = 'net.ipv4.ip_unprivileged_port_start';

/**
 * Settings that no node can have. Pure.
 * @param names - of the node's interfaces, if it has any when it gets its settings
 */
export function sysctlProblems({ sysctls = {} }: NodeChanges, names: readonly string[] = []): readonly ServiceProblem[] {
  return Object.keys(sysctls).flatMap((name) => {
    const expected = expectedSetting(name, names);
    return expected === undefined ? [] : [{ path: ['sysctls', name], expected }];
  });
}

function expectedSetting(name: string, names: readonly string[]): string | undefined {
  const [, group, device, setting] = /^net\.(ipv[46]\.(?:conf|neigh))\.(?!all\.|default\.)(.+)\.(\w+)$/.exec(name) ?? [];
  if (group !== undefined && device !== undefined && setting !== undefined && names.length > 0)
    return names.includes(device) ? undefined : `a setting of one of the interfaces of the node (${names.join(', ')})`;
  if (group !== undefined && setting !== undefined)
    return `net.${group}.default.${setting}, which is for all interfaces, because the node has none when it gets its settings`;
  if (name === portSetting) return `no ${portSetting}: it must stay 0 for the servers of nodes`;
  if (/^net(\.[a-z\d_-]+)+$/.test(name)) return undefined;
  return 'a setting of the network, whose name begins with net., such as net.ipv4.ip_forward';
}

/**
 * What is wrong with the bond of a node. Pure.
 * @param names - of all interfaces of the node
 */
export function bondProblems({ bond, interfaces = {} }: NodeConfig, names: readonly string[]): readonly ServiceProblem[] {
  if (!bond) return [];
  const own = bond.interfaces ?? names;
  const within = (path: ServiceProblem['path'], expected: string): ServiceProblem => ({ path: ['bond', ...path], expected });
  return [
    ...own.flatMap((name, index) => {
      if (!names.includes(name))
        return [within(['interfaces', index], `one of the interfaces of the node (${names.join(', ')})`)];
      return own.indexOf(name) < index ? [within(['interfaces', index], 'each interface once')] : [];
    }),
    ...Object.keys(interfaces).flatMap((name) =>
      own.includes(name)
        ? [{ path: ['interfaces', name], expected: `nothing for ${name}, which is part of the bond: use bond` }]
        : [],
    ),
    ...[...interfaceConflicts(bond), ...reachProblems(bond, 'the bond')].map(({ path, expected }) => within(path, expected)),
  ];
}
