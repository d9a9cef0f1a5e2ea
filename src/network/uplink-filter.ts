// SPDX-License-Identifier: GPL-3.0-or-later
import { ipValue, type UplinkSpec } from '../topology/index.ts';
import { passAll } from './hub.ts';

/** The interfaces of an uplink in the lifeline's namespace, and the addresses of its router. */
export type UplinkPort = Pick<UplinkSpec, 'tap' | 'pair' | 'network' | 'router' | 'dns'>;

/** An IPv4 header without options, of a packet that is not a fragment: only then are the ports where the filter looks. */
const whole = 'match ip ihl 5 0xf match u16 0 0x3fff at 6';
const [icmp, tcp, udp] = [1, 6, 17];

/**
 * Networks that the router would connect with the loopback of the machine on which it runs, or with nothing: this host, loopback,
 * groups and broadcasts. Without the filter, 127.0.0.1, 0.0.0.0 and 255.255.255.255 reach the machine's own services. Addresses of a
 * link (169.254) are closed, too: no router forwards them, and with 169.254.169.254 clouds give a machine its credentials.
 */
const closedNetworks = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'];

/**
 * The commands of tc(8) that join an uplink's router with its hub, and let only these frames through to the router: ARP, requests for
 * DHCP and DNS, pings of the router, and IPv4 to addresses outside, if it is sent to the router's hardware address. Without that, the
 * router would answer what the others on the link send each other. Nodes cannot change the rules, because they are in another namespace.
 * A frame that no rule redirects ends in this namespace, which has no address. Pure.
 */
export function uplinkCommands({ tap, pair: [, filterEnd], network, router, dns }: UplinkPort): readonly string[] {
  const redirect = `action mirred egress redirect dev ${tap}`;
  const request = (protocol: number, port: number, address: string): string =>
    `protocol ip u32 ${whole} match ip protocol ${protocol} 0xff match ip dport ${port} 0xffff match ip dst ${address}`;
  const passed = [
    'protocol arp u32 match u32 0 0',
    request(udp, 67, '255.255.255.255'),
    request(udp, 67, router),
    request(udp, 53, dns),
    request(tcp, 53, dns),
    `protocol ip u32 match ip protocol ${icmp} 0xff match ip dst ${router}`,
  ];
  const rules = [
    ...passed.map((match) => `${match} ${redirect}`),
    ...[network, ...closedNetworks].map((closed) => `protocol ip u32 match ip dst ${closed} flowid 1:1`), // matched, and not redirected
    `protocol ip u32 ${toHardwareOf(router)} ${redirect}`,
  ];
  return [
    `qdisc add dev ${filterEnd} ingress`,
    ...rules.map((rule, index) => `filter add dev ${filterEnd} parent ffff: prio ${index + 1} ${rule}`),
    ...passAll(tap, [filterEnd]),
  ];
}

/** Matches frames to the router, whose hardware address is 52:55 and its IPv4 address. The offset lies in the header of the frame. */
function toHardwareOf(router: string): string {
  return `match u32 0x${ipValue(router).value.toString(16)} 0xffffffff at -12`;
}
