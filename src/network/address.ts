// SPDX-License-Identifier: GPL-3.0-or-later
import { isIPv6 } from 'node:net';
import { asList } from '../core/list.ts';
import type { InterfaceConfig } from '../topology/index.ts';

/**
 * The commands of ip(8), for {@link ipBatch}, that replace the configuration of an interface. IPv6 addresses are usable at once
 * (`nodad`), because no other host on the link could have the same. Pure.
 * @param config - checked: it becomes part of a script
 */
export function configureCommands(device: string, config: InterfaceConfig): readonly string[] {
  return [
    `address flush dev ${device} scope global`,
    ...(config.mtu === undefined ? [] : [`link set ${device} mtu ${config.mtu}`]),
    ...asList(config.address).map(
      (address) => `address add ${address} dev ${device}${isIPv6(address.split('/')[0] ?? '') ? ' nodad' : ''}`,
    ),
    ...asList(config.gateway).map((gateway) => `route replace default via ${gateway} dev ${device}`),
    ...(config.routes ?? []).map(({ to, via }) => `route replace ${to} via ${via} dev ${device}`),
  ];
}
