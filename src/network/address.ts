// SPDX-License-Identifier: GPL-3.0-or-later
import { isIP, isIPv6 } from 'node:net';

/** How a node's interface is configured. */
export interface InterfaceConfig {
  /** address with its prefix length, such as `192.168.1.2/24` or `fd00::2/64`; several in a list */
  readonly address?: string | readonly string[] | undefined;
  /** default route; at most one for IPv4 and one for IPv6 */
  readonly gateway?: string | readonly string[] | undefined;
  /** other routes */
  readonly routes?: readonly { readonly to: string; readonly via: string }[] | undefined;
  /** largest frame without its header, in `bytes` */
  readonly mtu?: number | undefined;
}

/**
 * The commands of ip(8), for {@link ipBatch}, that replace the configuration of an interface. IPv6 addresses are usable at once
 * (`nodad`), because no other host on the link could have the same. Pure.
 * @param config - checked: it becomes part of a script
 */
export function configureCommands(device: string, config: InterfaceConfig): readonly string[] {
  return [
    `address flush dev ${device} scope global`,
    ...(config.mtu === undefined ? [] : [`link set ${device} mtu ${config.mtu}`]),
    ...listOf(config.address).map(
      (address) => `address add ${address} dev ${device}${isIPv6(address.split('/')[0] ?? '') ? ' nodad' : ''}`,
    ),
    ...listOf(config.gateway).map((gateway) => `route replace default via ${gateway} dev ${device}`),
    ...(config.routes ?? []).map(({ to, via }) => `route replace ${to} via ${via} dev ${device}`),
  ];
}

function listOf(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

/** Whether a text is an IP address. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** Whether a text is an IP address with its prefix length. */
export function isNetwork(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  const most = isIPv6(address) ? 128 : 32;
  return isAddress(address) && rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= most;
}
