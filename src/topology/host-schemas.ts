// SPDX-License-Identifier: GPL-3.0-or-later
import { either, listOf, numberBetween, oneOf, options, someText, text } from '../core/schemas.ts';
import { address, addresses, interfaceSchemas } from './interface-schema.ts';
import type { BondConfig, ResolverConfig } from './node-config.ts';

/** The bond of a node. */
export const bondConfig = options<BondConfig>({
  mode: oneOf(['802.3ad', 'active-backup', 'balance-alb', 'balance-rr', 'balance-tlb', 'balance-xor', 'broadcast']).describe(
    'how it uses its interfaces; `802.3ad` is LACP',
  ),
  interfaces: listOf(someText, 'a list of interfaces, such as [eth0, eth1]', 1)
    .optional()
    .describe('its interfaces, such as `[eth0, eth1]`; default: all interfaces of the node'),
  ...interfaceSchemas,
});

/** More than the resolvers of C libraries use. */
const maxServers = 3;
const someAddresses = `${addresses}; at most ${maxServers}, because programs use no more`;
const domain = text.refine((value) => /^[a-z\d_]([\w-]*\w)?(\.[a-z\d_]([\w-]*\w)?)*$/i.test(value), {
  error: 'a domain, such as lab.example',
});
const domains = 'a domain, such as lab.example, or a list of them';

/** How programs on a node find the addresses of names. */
export const resolverConfig = options<ResolverConfig>({
  servers: either<string | readonly string[]>(
    someAddresses,
    address,
    listOf(address, someAddresses, 1).refine((servers) => servers.length <= maxServers, { error: someAddresses }),
  ).describe('address of a DNS server, or a list of up to three'),
  search: either<string | readonly string[]>(domains, domain, listOf(domain, domains))
    .optional()
    .describe('domain in which names without a dot are looked up, or a list of them'),
});

const aValue = 'a whole number, or a string such as "1024 65535"';

/** The value of a setting of the kernel. */
export const sysctlValue = either<number | string>(
  aValue,
  numberBetween(-(2 ** 32), 2 ** 32, aValue).refine(Number.isInteger, { error: aValue }),
  text.refine((value) => /^[!-~]+( [!-~]+)*$/.test(value), { error: aValue }),
);
