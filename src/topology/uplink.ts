// SPDX-License-Identifier: GPL-3.0-or-later
import { isIPv4 } from 'node:net';
import { asList } from '../core/list.ts';
import type { ServiceProblem } from './dhcp-ranges.ts';
import { ipText, ipValue, networkOf, withoutPrefix } from './ip.ts';
import type { NodeConfig } from './node-config.ts';
import { interfaceConfig } from './resolve-nodes.ts';

/** The router that an uplink puts on the link of its node: its IPv4 addresses, as in QEMU's user networking. */
export interface UplinkRouter {
  /** network of the link, such as `10.0.2.0/24` */
  readonly network: string;
  /** the router's own address */
  readonly router: string;
  /** answers what the name server of the outer network answers */
  readonly dns: string;
  /** first of the 16 addresses that it gives out with DHCP */
  readonly firstLease: string;
}

const defaultNetwork = '10.0.2.0/24';
/** Numbers of addresses within the network. */
const [routerNumber, dnsNumber, firstLease, lastLease] = [2n, 3n, 15n, 30n];
const longestPrefix = 27;

/** Whether a node has an uplink. Pure. */
export function isUplink(config: { readonly uplink?: unknown } | undefined): boolean {
  return config?.uplink !== undefined && config.uplink !== false;
}

/** The router of a node with `uplink`. Pure. @param config - without mistakes */
export function uplinkRouter(config: NodeConfig): UplinkRouter {
  const { first, prefixLength } = networkOf(ipv4Addresses(config)[0] ?? defaultNetwork);
  const address = (number: bigint): string => ipText({ bits: 32, value: first + number });
  return {
    network: `${address(0n)}/${prefixLength}`,
    router: address(routerNumber),
    dns: address(dnsNumber),
    firstLease: address(firstLease),
  };
}

/**
 * What is wrong with the uplink of a node. Pure.
 * @param count - how many interfaces the node has
 */
export function uplinkProblems(config: NodeConfig, count: number): readonly ServiceProblem[] {
  const { bond, dhcp } = config;
  if (!isUplink(config)) return [];
  if (count > 1)
    return [
      { path: ['uplink'], expected: `false, because the node has ${count} interfaces, and only one can lead to the outside` },
    ];
  const addressPath = config.interfaces?.['eth0'] ? ['interfaces', 'eth0', 'address'] : ['address'];
  return [
    ...(dhcp ? [{ path: ['dhcp'], expected: 'no DHCP server beside uplink, whose router is one. Remove it' }] : []),
    ...(bond ? [{ path: ['bond'], expected: 'no bond beside uplink, which is for a node with one link. Remove it' }] : []),
    ...addressProblems(ipv4Addresses(config), config).map((expected) => ({ path: addressPath, expected })),
  ];
}

function addressProblems(addresses: readonly string[], config: NodeConfig): readonly string[] {
  const [address, ...others] = addresses;
  if (address === undefined) return [];
  if (others.length > 0) return ['one IPv4 address beside uplink, whose router serves its network'];
  const { first, prefixLength } = networkOf(address);
  if (prefixLength > longestPrefix) return [`an IPv4 network of at least 32 addresses beside uplink, such as a /24`];
  const number = ipValue(withoutPrefix(address)).value - first;
  const isTaken = number === routerNumber || number === dnsNumber || (number >= firstLease && number <= lastLease);
  if (!isTaken) return [];
  const { router, dns, firstLease: lease } = uplinkRouter(config);
  const last = ipText({ bits: 32, value: first + lastLease });
  return [`an address that the uplink's router does not use: it has ${router} and ${dns}, and gives out ${lease} to ${last}`];
}

function ipv4Addresses(config: NodeConfig): readonly string[] {
  return asList(interfaceConfig(config, 0, 1).address).filter((one) => isIPv4(withoutPrefix(one)));
}
