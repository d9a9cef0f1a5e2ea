// SPDX-License-Identifier: GPL-3.0-or-later
import type { Wait } from '../core/deadline.ts';
import { isJsonObject, type JsonObject } from '../core/json-object.ts';
import type { BondConfig } from '../topology/index.ts';
import { configureCommands, configureScript, printAddresses, printedAddresses, removeVlans } from './address.ts';
import { configurationProblems, printedInterfaces } from './configuration-problems.ts';
import { configure } from './configure.ts';
import type { InterfacePlace } from './interface-place.ts';

/** The interface that a bond is. */
export const bondDevice = 'bond0';

/** A bond whose interfaces are known. */
export interface Bond extends BondConfig {
  readonly interfaces: readonly string[];
}

/** How often the kernel looks for the carrier of a bond's interfaces, in `ms`. Its own default is never. */
const lookForCarrierMs = 100;

/** Lines of shell that remove a node's bond. The kernel leaves its interfaces turned off. */
const removeBond = [
  `for part in $(cat /sys/class/net/${bondDevice}/bonding/slaves 2>/dev/null); do`,
  '  ip link set "$part" nomaster && ip link set "$part" up',
  'done',
  `[ ! -e /sys/class/net/${bondDevice} ] || ip link delete ${bondDevice}`,
].join('\n');

/**
 * Combines interfaces of a node, which have no configuration of their own.
 * @param bond - checked: it becomes part of a script
 * @throws ExecError if the kernel has no bonding, or refuses something else
 * @throws EnvironmentError if the kernel has something else afterwards
 */
export async function configureBond(place: InterfacePlace, bond: Bond, wait: Partial<Wait>): Promise<void> {
  const commands = bondCommands(bond);
  await configure(
    place,
    { script: configureScript(commands), commands, problems: (printed) => bondProblems(bond, printed) },
    wait,
  );
}

/**
 * The same for interfaces that have a configuration or are part of a bond, which ends with that.
 * @throws what {@link configureBond} throws
 */
export async function replaceBond(place: InterfacePlace, bond: Bond, wait: Partial<Wait>): Promise<void> {
  const commands = [...bond.interfaces.map((name) => `address flush dev ${name} scope global`), ...bondCommands(bond)];
  const script = [removeBond, ...bond.interfaces.map(removeVlans), configureScript(commands)].join('\n');
  await configure(place, { script, commands, problems: (printed) => bondProblems(bond, printed) }, wait);
}

/** The addresses of a node's bond with their prefix lengths, without those of links; none if it has no bond. */
export async function bondAddresses({ shell }: InterfacePlace, wait: Partial<Wait>): Promise<readonly string[]> {
  const printed = await shell(`[ ! -e /sys/class/net/${bondDevice} ] || ${printAddresses(bondDevice)}`, wait);
  return printedAddresses(printed);
}

/** The commands of ip(8) that combine interfaces. An interface must be down to become part of a bond, which turns it on. Pure. */
export function bondCommands(bond: Bond): readonly string[] {
  return [
    `link add ${bondDevice} type bond mode ${bond.mode} miimon ${lookForCarrierMs}`,
    ...bond.interfaces.flatMap((name) => [`link set ${name} down`, `link set ${name} master ${bondDevice}`]),
    `link set ${bondDevice} up`,
    ...configureCommands(bondDevice, bond),
  ];
}

/** What differs between a bond and what the kernel has, each as `expected …, got …`. Pure. */
export function bondProblems(bond: Bond, printed: string): readonly string[] {
  const found = printedInterfaces(printed);
  const own = found.find(({ ifname }) => ifname === bondDevice);
  const members = found.filter(({ master }) => master === bondDevice).map(({ ifname }) => String(ifname));
  const missing = bond.interfaces.filter((name) => !members.includes(name));
  const mode = own && modeOf(own);
  return [
    ...configurationProblems(bondDevice, bond, printed),
    ...(own && mode !== bond.mode ? [`expected the mode of ${bondDevice} to be ${bond.mode}, got ${mode ?? 'none'}`] : []),
    ...(missing.length === 0
      ? []
      : [`expected ${bondDevice} to consist of ${bond.interfaces.join(', ')}, got ${members.join(', ') || 'no interface'}`]),
  ];
}

function modeOf({ linkinfo }: JsonObject): string | undefined {
  const data = isJsonObject(linkinfo) ? linkinfo['info_data'] : undefined;
  return isJsonObject(data) && typeof data['mode'] === 'string' ? data['mode'] : undefined;
}
