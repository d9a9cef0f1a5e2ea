// SPDX-License-Identifier: GPL-3.0-or-later
import { asList } from '../../core/list.ts';
import { dhcpRanges, type DhcpOptions, type DhcpRange, type DnsOptions, type TftpOptions } from '../../topology/index.ts';
import { servedFolder, unprivileged, type ServicePlan } from './plan.ts';

/** A lease that a DHCP server gave. */
export interface Lease {
  readonly address: string;
  /** MAC address of the client, in lower case; absent if a DHCPv6 client did not show it */
  readonly mac?: string | undefined;
  /** name that the client gave itself */
  readonly name?: string | undefined;
}

// --no-daemon: with its messages on standard error, and without a change of the user, which would need capabilities
const base = ['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--pid-file', '--no-resolv', '--no-hosts'];
/** Of all links. Without it, dnsmasq would answer only clients in a network of the node. */
const allInterfaces = '--interface=*';

/** The node's name for itself in an option of DHCPv4. */
const thisNode = '0.0.0.0';
const thisNode6 = '[::]';
const daySeconds = 86_400;

/**
 * The program of a DHCP server. It is authoritative: it accepts a client that comes with the lease of an earlier server, such as one
 * of a snapshot. It does not ping an address before it gives it out, which would take 3 s. Pure.
 * @param addresses - of the node, with their prefix lengths
 * @param hasDns - whether the node has a DNS server
 */
export function dhcpPlan(addresses: readonly string[], options: DhcpOptions, hasDns: boolean): ServicePlan {
  const { gateway, domain, leaseSeconds = daySeconds, hosts = [], bootFile, nextServer = thisNode } = options;
  const ranges = dhcpRanges(addresses, options);
  const hasIPv6 = ranges.some(({ family }) => family === 6);
  return {
    command: [
      ...base,
      allInterfaces,
      ...['--port=0', '--no-ping', '--dhcp-authoritative', '--log-dhcp', '--dhcp-leasefile=/tmp/leases', '--quiet-ra'],
      ...ranges.map((range) => `--dhcp-range=${rangeText(range)},${leaseSeconds}s`),
      ...(hasIPv6 ? ['--enable-ra'] : []),
      ...(gateway === undefined ? [] : [`--dhcp-option=option:router,${gateway}`]),
      ...dnsArguments(options, hasDns),
      ...(domain === undefined ? [] : [`--domain=${domain}`]),
      ...hosts.map(({ mac, address, name }) => `--dhcp-host=${[mac, bracketed(address), ...(name ? [name] : [])].join(',')}`),
      ...(bootFile === undefined ? [] : [`--dhcp-boot=${bootFile},,${nextServer}`]),
      ...Object.entries(options.options ?? {}).map(([number, value]) => `--dhcp-option=${number},${value}`),
    ],
    // NET_ADMIN: it enters the address of a client that has none yet into the kernel's table of neighbours
    capabilities: ['NET_ADMIN', 'NET_RAW'],
    isRoot: true,
    ports: [
      ...(ranges.some(({ family }) => family === 4) ? [{ protocol: 'udp', port: 67 } as const] : []),
      ...(hasIPv6 ? [{ protocol: 'udp', port: 547 } as const] : []),
    ],
  };
}

function rangeText({ first, last, family, prefixLength }: DhcpRange): string {
  return [first, last, ...(family === 6 ? [prefixLength] : [])].join(',');
}

/** An option without a value is not sent; without the option, dnsmasq would name itself. */
function dnsArguments({ dns }: DhcpOptions, hasDns: boolean): readonly string[] {
  const servers = dns === undefined && hasDns ? [thisNode, thisNode6] : asList(dns);
  const [ipv4, ipv6] = [servers.filter((server) => !server.includes(':')), servers.filter((server) => server.includes(':'))];
  return [
    `--dhcp-option=${['option:dns-server', ...ipv4].join(',')}`,
    `--dhcp-option=${['option6:dns-server', ...ipv6.map(bracketed)].join(',')}`,
  ];
}

function bracketed(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

/** The program of a DNS server. Pure. */
export function dnsPlan({ records = {} }: DnsOptions): ServicePlan {
  return {
    command: [
      ...base,
      allInterfaces,
      ...['--log-queries', '--local=/#/'],
      ...Object.entries(records).map(([name, value]) => `--host-record=${[name, value].flat().join(',')}`),
    ],
    ...unprivileged,
    ports: [
      { protocol: 'udp', port: 53 },
      { protocol: 'tcp', port: 53 },
    ],
  };
}

/** The program of a TFTP server. Pure. */
export function tftpPlan(served: TftpOptions): ServicePlan {
  return {
    command: [...base, allInterfaces, '--port=0', '--enable-tftp', `--tftp-root=${servedFolder}`],
    ...unprivileged,
    ports: [{ protocol: 'udp', port: 69 }],
    served,
  };
}

/** Reads leases from the lines of a DHCP server. The lines about one client have the same number. */
export class LeaseReader {
  readonly #macs = new Map<string, string>();

  /** Returns the lease that a line tells of, if it does. */
  read(line: string): Lease | undefined {
    const client = /^dnsmasq-dhcp: (?<id>\d+) client MAC address: (?<mac>[\da-f:]+)/i.exec(line)?.groups;
    if (client) this.#macs.set(client['id'] ?? '', (client['mac'] ?? '').toLowerCase());
    const ack = /^dnsmasq-dhcp: \d+ DHCPACK\(\S+\) (?<address>\S+) (?<mac>[\da-f:]{17})(?: (?<name>\S+))?/i.exec(line)?.groups;
    if (ack) return { address: ack['address'] ?? '', mac: ack['mac']?.toLowerCase(), name: ack['name'] };
    const reply = /^dnsmasq-dhcp: (?<id>\d+) DHCPREPLY\(\S+\) (?<address>[\da-f:]+) \S+(?: (?<name>\S+))?/i.exec(line)?.groups;
    return reply && { address: reply['address'] ?? '', mac: this.#macs.get(reply['id'] ?? ''), name: reply['name'] };
  }
}

/** A question to a DNS server. */
export interface DnsQuery {
  readonly name: string;
  /** such as `A` or `AAAA` */
  readonly type: string;
  /** address of whoever asked */
  readonly client: string;
}

/** Returns the query that a line of a DNS server tells of, if it does. Pure. */
export function readQuery(line: string): DnsQuery | undefined {
  const found = /^dnsmasq: query\[(?<type>[^\]]+)\] (?<name>\S+) from (?<client>\S+)$/.exec(line)?.groups;
  return found && { name: found['name'] ?? '', type: found['type'] ?? '', client: found['client'] ?? '' };
}

/** A file that a client asked a TFTP server for. */
export interface TftpRequest {
  /** as the client named it, without a leading slash */
  readonly file: string;
  readonly client: string;
  /** whether the client got all of it */
  readonly isSent: boolean;
}

/** Returns the request that a line of a TFTP server tells of, if it does: each when it has ended. Pure. */
export function readTftp(line: string): TftpRequest | undefined {
  const found =
    /^dnsmasq-tftp: (?:(?<sent>sent )|failed sending |(?:file ))(?<file>.+?)(?: not found for| to) (?<client>[\da-f.:]+)$/i.exec(
      line,
    )?.groups;
  if (!found) return undefined;
  const file = (found['file'] ?? '').replace(servedFolder, '').replace(/^\/+/, '');
  return { file, client: found['client'] ?? '', isSent: found['sent'] !== undefined };
}
