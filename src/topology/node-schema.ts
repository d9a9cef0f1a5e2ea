// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../core/list.ts';
import { byName, options } from '../core/schemas.ts';
import { dhcpProblems, type ServiceProblem } from './dhcp-ranges.ts';
import { interfaceConfig, interfaceSchemas } from './interface-schema.ts';
import { contains, networkOf } from './ip.ts';
import type { NodeConfig } from './node-config.ts';
import { dhcpOptions, dnsOptions, httpOptions, ntpOptions, syslogOptions, tftpOptions } from './service-schemas.ts';

/** What a configuration may declare for a node. */
export const nodeConfig = options<NodeConfig>({
  ...interfaceSchemas,
  interfaces: byName(interfaceConfig, 'interfaces by name, such as { eth0: { address: 192.168.1.2/24 } }')
    .optional()
    .describe('addresses and routes of a node with several interfaces, by name: `eth0`, `eth1`, … in the order of its links'),
  dhcp: dhcpOptions
    .optional()
    .describe('DHCP server, also for DHCPv6 with router advertisements if the node has an IPv6 address; `{}` for the defaults'),
  dns: dnsOptions.optional().describe('DNS server'),
  http: httpOptions.optional().describe('web server'),
  tftp: tftpOptions.optional().describe('TFTP server'),
  ntp: ntpOptions.optional().describe('NTP server with the time of this machine; `{}` for the defaults'),
  syslog: syslogOptions.optional().describe('syslog server; `{}` for the defaults'),
});

/** What is wrong with a node as a whole, although each of its values is right. Pure. */
export function nodeProblems({ address, gateway, routes = [], dhcp, dns, http, syslog }: NodeConfig): readonly ServiceProblem[] {
  const addresses = asList(address);
  const isReachable = (via: string): boolean => addresses.some((one) => contains(networkOf(one), via));
  const within = `an address in a network of the node, which has ${addresses.join(', ') || 'no address'}`;
  const isStray = asList(gateway).some((via) => !isReachable(via));
  const stray = routes.findIndex(({ via }) => !isReachable(via));
  const httpPort = http?.port ?? 80;
  const taken = [...(dns ? [53] : []), ...(syslog ? [syslog.port ?? 514] : [])];
  return [
    ...(isStray ? [{ path: ['gateway'], expected: within }] : []),
    ...(stray < 0 ? [] : [{ path: ['routes', stray, 'via'], expected: within }]),
    ...(dhcp ? dhcpProblems(addresses, dhcp).map(({ path, expected }) => ({ path: ['dhcp', ...path], expected })) : []),
    ...(http && taken.includes(httpPort)
      ? [{ path: ['http', 'port'], expected: 'a TCP port that dns and syslog do not use' }]
      : []),
    ...(dns && syslog?.port === 53 ? [{ path: ['syslog', 'port'], expected: 'a port that dns does not use' }] : []),
  ];
}
