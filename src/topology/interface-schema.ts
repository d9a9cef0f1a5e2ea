// SPDX-License-Identifier: GPL-3.0-or-later
import { either, listOf, oneOf, options, text, wholeNumber, type OptionSchemas } from '../core/schemas.ts';
import { isAddress, isFirstOfNetwork, isNetwork } from './ip.ts';
import type { AddressConfig, InterfaceConfig, VlanConfig } from './node-config.ts';

const network = text.refine(isNetwork, {
  error: 'an IP address with its prefix length, such as 192.168.1.2/24 or fd00::2/64',
});
export const address = text.refine(isAddress, {
  error: 'an IP address without a prefix length, such as 192.168.1.1 or fd00::1',
});
const networks = 'an IP address with its prefix length, such as 192.168.1.2/24, or a list of them';
export const addresses = 'an IP address, or a list of them';

const mac = text
  .refine((value) => /^([\da-f]{2}:){5}[\da-f]{2}$/i.test(value), { error: 'a MAC address, such as 02:00:00:12:34:56' })
  .refine((value) => (parseInt(value.slice(0, 2), 16) & 1) === 0 && !/^[0:]*$/.test(value), {
    error: 'the MAC address of one interface: not 0, and without the bit for groups, like 02:00:00:12:34:56',
  });

const destination = network.refine(isFirstOfNetwork, {
  error: 'a network, in whose address all bits after the prefix are 0, such as 10.0.0.0/8',
});

const addressSchemas: OptionSchemas<AddressConfig> = {
  address: either<string | readonly string[]>(networks, network, listOf(network, networks))
    .optional()
    .describe('address with its prefix length, or a list of them, for IPv4 and IPv6'),
  gateway: either<string | readonly string[]>(addresses, address, listOf(address, addresses))
    .optional()
    .describe('default route; at most one for IPv4 and one for IPv6'),
  routes: listOf(
    options<{ readonly to: string; readonly via: string }>({ to: destination, via: address }),
    'a list of routes, each { to, via }',
  )
    .optional()
    .describe('other routes, each `{ to, via }`'),
  mtu: wholeNumber(68, 65_521).optional().describe('largest frame without its header, in bytes; default 1500'),
};

const vlan = options<VlanConfig>({
  id: wholeNumber(1, 4094).describe('its number, 1 to 4094; the interface for it is `eth0.5`'),
  protocol: oneOf(['802.1Q', '802.1ad']).optional().describe('type of its tags; default `802.1Q`'),
  ...addressSchemas,
});

/** The schemas of {@link InterfaceConfig}. */
export const interfaceSchemas: OptionSchemas<InterfaceConfig> = {
  ...addressSchemas,
  mac: mac.optional().describe('hardware address; default: stays as it is'),
  vlans: listOf(vlan, 'a list of VLANs, each { id, address, … }')
    .optional()
    .describe("VLANs with tagged frames, each with an `id`; they need 802.1Q in the kernel of Docker's host, or `kind: guest`"),
};

/** What `node.configure` takes. */
export const interfaceConfig = options<InterfaceConfig>(interfaceSchemas);
