// SPDX-License-Identifier: GPL-3.0-or-later
import { isIPv6 } from 'node:net';
import { asList } from '../core/list.ts';
import { withoutPrefix, type AddressConfig, type InterfaceConfig } from '../topology/index.ts';
import { ipBatch } from './batch.ts';

/** The interface of a VLAN. Pure. */
export function vlanDevice(device: string, { id }: { readonly id: number }): string {
  return `${device}.${id}`;
}

/**
 * The commands of ip(8), for {@link ipBatch}, that replace the configuration of an interface whose VLANs have been removed. IPv6
 * addresses are usable at once (`nodad`), because no other host on the link could have the same. Pure.
 * @param config - checked: it becomes part of a script
 */
export function configureCommands(device: string, config: InterfaceConfig): readonly string[] {
  const { mac, vlans = [] } = config;
  return [
    `address flush dev ${device} scope global`,
    ...(mac === undefined ? [] : [`link set ${device} address ${mac}`]),
    ...addressCommands(device, config),
    ...vlans.flatMap((vlan) => {
      const own = vlanDevice(device, vlan);
      const protocol = vlan.protocol === undefined ? '' : ` protocol ${vlan.protocol}`;
      return [
        `link add link ${device} name ${own} type vlan${protocol} id ${vlan.id}`,
        `link set ${own} up`,
        ...addressCommands(own, vlan),
      ];
    }),
  ];
}

function addressCommands(device: string, { address, gateway, routes = [], mtu }: AddressConfig): readonly string[] {
  return [
    ...(mtu === undefined ? [] : [`link set ${device} mtu ${mtu}`]),
    ...asList(address).map((one) => `address add ${one} dev ${device}${isIPv6(withoutPrefix(one)) ? ' nodad' : ''}`),
    ...asList(gateway).map((via) => `route replace default via ${via} dev ${device}`),
    ...routes.map(({ to, via }) => `route replace ${to} via ${via} dev ${device}`),
  ];
}

/** A line of shell that prints the addresses of an interface for {@link printedAddresses}, without those of links. Pure. */
export function printAddresses(device: string): string {
  return `ip -br address show dev ${device} scope global`;
}

/** The addresses with their prefix lengths that {@link printAddresses} has printed. Pure. */
export function printedAddresses(printed: string): readonly string[] {
  return printed.trim().split(/\s+/).slice(2);
}

/** A line of shell that removes the VLANs of an interface. Pure. */
export function removeVlans(device: string): string {
  return `for vlan in /sys/class/net/${device}/upper_${device}.*; do [ ! -e "$vlan" ] || ip link delete "\${vlan##*/upper_}"; done`;
}

/**
 * A shell script that runs commands of ip(8), and prints the result for `configurationProblems`: the lists of interfaces and of IPv4
 * routes, then that of IPv6 routes. Pure.
 */
export function configureScript(commands: readonly string[]): string {
  return [
    ipBatch([...commands, 'address show', 'route show'], '-j -d'),
    'ip -j -6 route show || :', // fails on a kernel without IPv6
  ].join('\n');
}
