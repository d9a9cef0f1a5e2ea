// SPDX-License-Identifier: GPL-3.0-or-later
import type { Appliance } from './schema.ts';

/** Keys of an appliance that type commands for a shell. */
const shellKeys = ['clockCommand', 'rebootCommand', 'powerOffCommand', 'become'] as const;

/** Names of a topology. */
interface Places {
  readonly nodes: readonly string[];
  readonly links: readonly string[];
}

/**
 * What contradicts itself in an appliance whose single values are valid, one line each. Pure.
 * @param places - what conditions may name; absent if that is not known
 */
export function contradictions(appliance: Appliance, places?: Places): readonly string[] {
  return [...needingShell(appliance), ...conditionsNeedingShell(appliance), ...(places ? unknownPlaces(appliance, places) : [])];
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
function unknownPlaces({ ready = [] }: Appliance, { nodes, links }: Places): readonly string[] {
  return ready.flatMap(({ tcp, http, ping, carrier }, index) => [
    ...Object.entries({ tcp, http, ping }).flatMap(([kind, condition]) =>
      condition ? unknown(`appliance.ready.${index}.${kind}.node`, condition.node, nodes) : [],
    ),
    ...(carrier === undefined ? [] : unknown(`appliance.ready.${index}.carrier`, carrier, links)),
  ]);
}

function unknown(path: string, name: string, names: readonly string[]): readonly string[] {
  if (names.includes(name)) return [];
  return [`${path}: expected ${names.length === 0 ? 'a topology with links' : `one of ${names.join(', ')}`}, got "${name}"`];
}
