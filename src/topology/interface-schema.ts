// SPDX-License-Identifier: GPL-3.0-or-later
import { either, listOf, options, text, wholeNumber, type OptionSchemas } from '../core/schemas.ts';
import { isAddress, isNetwork } from './ip.ts';
import type { InterfaceConfig } from './node-config.ts';

const network = text.refine(isNetwork, {
  error: 'an IP address with its prefix length, such as 192.168.1.2/24 or fd00::2/64',
});
export const address = text.refine(isAddress, {
  error: 'an IP address without a prefix length, such as 192.168.1.1 or fd00::1',
});
const networks = 'an IP address with its prefix length, such as 192.168.1.2/24, or a list of them';
export const addresses = 'an IP address, or a list of them';

/** The schemas of {@link InterfaceConfig}. */
export const interfaceSchemas: OptionSchemas<InterfaceConfig> = {
  address: either<string | readonly string[]>(networks, network, listOf(network, networks))
    .optional()
    .describe('address with its prefix length, or a list of them, for IPv4 and IPv6'),
  gateway: either<string | readonly string[]>(addresses, address, listOf(address, addresses))
    .optional()
    .describe('default route; at most one for IPv4 and one for IPv6'),
  routes: listOf(
    options<{ readonly to: string; readonly via: string }>({ to: network, via: address }),
    'a list of routes, each { to, via }',
  )
    .optional()
    .describe('other routes, each `{ to, via }`'),
  mtu: wholeNumber(68, 65_521).optional().describe('largest frame without its header, in bytes; default 1500'),
};

/** What `node.configure` takes. */
export const interfaceConfig = options<InterfaceConfig>(interfaceSchemas);
