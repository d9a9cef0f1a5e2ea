// SPDX-License-Identifier: GPL-3.0-or-later
import type { Topology } from '../topology/index.ts';
import type { Appliance } from './schema.ts';

/** Keys of an appliance that type commands for a shell. */
const shellKeys = ['clockCommand', 'rebootCommand', 'powerOffCommand', 'become'] as const;

/** What contradicts itself in a configuration whose single values are valid, one line each. Pure. */
export function contradictions(appliance: Appliance, topology: Topology): readonly string[] {
  return [...needingShell(appliance), ...conditionsNeedingShell(appliance), ...unknownPlaces(appliance, topology)];
}

function needingShell({ login, provision, ...appliance }: Appliance): readonly string[] {
  if (login?.shell !== 'none') return [];
  const set: readonly string[] = [
    ...(login.shellCommand === undefined ? [] : ['login.shellCommand']),
    ...(provision.length === 0 ? [] : ['provision']),
    ...shellKeys.filter((key) => appliance[key] !== undefined && appliance[key] !== ''),
  ];
  return set.map((key) => `appliance.${key}: expected a shell, got appliance.login.shell: none. Remove one of the two`);
}

function conditionsNeedingShell({ login, ready = [] }: Appliance): readonly string[] {
  if (login && login.shell !== 'none') return [];
  const found = login ? 'appliance.login.shell: none' : 'no appliance.login';
  return ready.flatMap(({ command }, index) => {
    const advice = 'Use another condition, such as console';
    return command === undefined ? [] : [`appliance.ready.${index}.command: expected a shell, got ${found}. ${advice}`];
  });
}

/** Nodes and links that conditions name and that the topology does not have. */
function unknownPlaces({ ready = [] }: Appliance, { nodes, links }: Topology): readonly string[] {
  const nameOf = ({ name }: { readonly name: string }): string => name;
  return ready.flatMap(({ tcp, http, ping, carrier }, index) => [
    ...Object.entries({ tcp, http, ping }).flatMap(([kind, condition]) =>
      condition ? unknown(`appliance.ready.${index}.${kind}.node`, condition.node, nodes.map(nameOf)) : [],
    ),
    ...(carrier === undefined ? [] : unknown(`appliance.ready.${index}.carrier`, carrier, links.map(nameOf))),
  ]);
}

function unknown(path: string, name: string, names: readonly string[]): readonly string[] {
  if (names.includes(name)) return [];
  return [`${path}: expected ${names.length === 0 ? 'a topology with links' : `one of ${names.join(', ')}`}, got "${name}"`];
}
