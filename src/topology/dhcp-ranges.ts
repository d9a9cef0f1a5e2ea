// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import { contains, ipText, ipValue, networkOf, type IpNetwork } from './ip.ts';
import type { DhcpOptions } from './node-config.ts';

/** Addresses that a DHCP server gives out, in one of its networks. */
export interface DhcpRange {
  readonly first: string;
  readonly last: string;
  readonly family: 4 | 6;
  readonly prefixLength: number;
}

/** Something that is wrong with the options of a service. */
export interface ServiceProblem {
  /** the option */
  readonly path: readonly (string | number)[];
  /** what was expected; completes "expected …" */
  readonly expected: string;
  /** whether the name of the option is wrong, not its value */
  readonly isName?: boolean;
}

/**
 * The ranges of a DHCP server. Pure.
 * @param addresses - of the node, with their prefix lengths
 */
export function dhcpRanges(addresses: readonly string[], { range }: DhcpOptions): readonly DhcpRange[] {
  if (range === undefined) return addresses.flatMap(defaultRange);
  return asList(range).flatMap((text) => {
    const [first = '', last = ''] = text.split('-');
    const network = addresses.map(networkOf).find((one) => contains(one, first) && contains(one, last));
    return network ? [rangeOf(network, first, last)] : [];
  });
}

/** What is wrong with the options of a DHCP server. Pure. @param addresses - of the node, with their prefix lengths */
export function dhcpProblems(addresses: readonly string[], options: DhcpOptions): readonly ServiceProblem[] {
  const { range, hosts = [] } = options;
  if (addresses.length === 0) return [{ path: [], expected: 'a node with an address: set the address of the node, too' }];
  const networks = addresses.map(networkOf);
  const list = addresses.join(', ');
  const within = `in a network of the node, which has the address ${list}`;
  const wrongRange = asList(range).find((text) => !isWithin(text, networks));
  const wrongHost = hosts.findIndex(({ address }) => !networks.some((network) => contains(network, address)));
  const ranges = dhcpRanges(addresses, options);
  return [
    ...(wrongRange === undefined ? [] : [{ path: ['range'], expected: `a range that ascends and lies ${within}` }]),
    ...(wrongHost < 0 ? [] : [{ path: ['hosts', wrongHost, 'address'], expected: `an address ${within}` }]),
    ...(range === undefined && ranges.length === 0
      ? [{ path: ['range'], expected: `a range of addresses, because the network of ${list} is too small for a default` }]
      : []),
    ...(ranges.some(({ family, prefixLength }) => family === 6 && prefixLength < 64)
      ? [{ path: ['range'], expected: 'IPv6 networks with a prefix length of 64 or more, because others have no DHCPv6' }]
      : []),
  ];
}

function isWithin(text: string, networks: readonly IpNetwork[]): boolean {
  const [first = '', last = ''] = text.split('-');
  return ipValue(first).value <= ipValue(last).value && networks.some((one) => contains(one, first) && contains(one, last));
}

/** The upper half of an IPv4 network; 256 addresses of an IPv6 network. None if the network is too small. */
function defaultRange(address: string): readonly DhcpRange[] {
  const network = networkOf(address);
  const size = network.last - network.first + 1n;
  if (size < 4n) return [];
  const isLarge = network.bits === 128 && size > 512n;
  const first = network.first + (isLarge ? 256n : size / 2n);
  const last = isLarge ? first + 255n : network.last - 1n;
  const { bits } = network;
  return [rangeOf(network, ipText({ bits, value: first }), ipText({ bits, value: last }))];
}

function rangeOf({ bits, prefixLength }: IpNetwork, first: string, last: string): DhcpRange {
  return { first, last, family: bits === 32 ? 4 : 6, prefixLength };
}
