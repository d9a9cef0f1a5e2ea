// SPDX-License-Identifier: GPL-3.0-or-later
import { byName, either, flag, oneOf, options, text } from '../core/schemas.ts';
import { bondConfig, resolverConfig, sysctlValue } from './host-schemas.ts';
import { interfaceConfig, interfaceSchemas } from './interface-schema.ts';
import type { NodeChanges, NodeConfig } from './node-config.ts';
import { dhcpOptions, dnsOptions, httpOptions, ntpOptions, syslogOptions, tftpOptions } from './service-schemas.ts';

const anUplink = 'true, or the name of a network of Docker';
const uplink = either<boolean | string>(anUplink, flag, text.regex(/^[A-Za-z0-9][\w.:-]*$/, { error: anUplink }));

const changeSchemas = {
  bond: bondConfig
    .optional()
    .describe("combines interfaces into one, `bond0`; it needs bonding in the kernel of Docker's host, or `kind: guest`"),
  sysctls: byName(sysctlValue, "settings by name, such as { 'net.ipv4.ip_forward': 1 }")
    .optional()
    .describe('kernel settings of its network, by name: `{ net.ipv4.ip_forward: 1 }`'),
};

/** What `node.configure` takes. */
export const nodeChanges = options<NodeChanges>({ ...interfaceSchemas, ...changeSchemas });

/** What a configuration may declare for a node. */
export const nodeConfig = options<NodeConfig>({
  ...interfaceSchemas,
  kind: oneOf(['container', 'guest'])
    .optional()
    .describe(
      "`guest`: a small virtual machine with a Linux kernel of its own, for features that the kernel of Docker's host lacks; default `container`",
    ),
  interfaces: byName(interfaceConfig, 'interfaces by name, such as { eth0: { address: 192.168.1.2/24 } }')
    .optional()
    .describe('addresses and routes of a node with several interfaces, by name: `eth0`, `eth1`, … in the order of its links'),
  ...changeSchemas,
  resolver: resolverConfig.optional().describe('DNS servers and search domains of its programs: its `/etc/resolv.conf`'),
  dhcp: dhcpOptions
    .optional()
    .describe('DHCP server, also for DHCPv6 with router advertisements if the node has an IPv6 address; `{}` for the defaults'),
  dns: dnsOptions.optional().describe('DNS server'),
  http: httpOptions.optional().describe('web server'),
  tftp: tftpOptions.optional().describe('TFTP server'),
  ntp: ntpOptions.optional().describe('NTP server with the time of this machine; `{}` for the defaults'),
  syslog: syslogOptions.optional().describe('syslog server; `{}` for the defaults'),
  uplink: uplink
    .optional()
    .describe(
      "`true`: a router on its link leads to the outside, through Docker's network `bridge`, or through that of the daemon's machine if Docker has no `bridge`; a name: through this network of Docker; default `false`",
    ),
});
