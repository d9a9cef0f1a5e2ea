// SPDX-License-Identifier: GPL-3.0-or-later

/** The preferences of sharkd that `tshark -n` switches off. */
const nameResolution = [
  'mac_name',
  'transport_name',
  'network_name',
  'dns_pkt_addr_resolution',
  'handshake_sni_addr_resolution',
  'use_external_name_resolver',
  'vlan_name',
  'ss7_pc_name',
  'maxmind_geoip',
].map((name) => [`nameres.${name}`, 'FALSE'] as const);

/**
 * Wireshark does not check these by default, because offloads leave them blank on most machines. On links of a testbed they are
 * as on a wire. It always checks all others (ICMP, IGMP, OSPF, VRRP, DCCP, …).
 */
const checksums = [
  ['ip.check_checksum', 'TRUE'],
  ['tcp.check_checksum', 'TRUE'],
  ['udp.check_checksum', 'TRUE'],
  ['udplite.check_checksum', 'TRUE'],
  ['sctp.checksum', 'CRC 32c'],
] as const;

/** Preferences for sharkd: name and value. */
export const sharkdPreferences: readonly (readonly [name: string, value: string])[] = [...nameResolution, ...checksums];

/** The same preferences as arguments of tshark. */
export const tsharkPreferences: readonly string[] = ['-n', ...checksums.flatMap(([name, value]) => ['-o', `${name}:${value}`])];
