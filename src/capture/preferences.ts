// SPDX-License-Identifier: GPL-3.0-or-later

/** What `tshark -n` switches off, as preferences of sharkd. */
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
 * Wireshark leaves these checksums alone by default, since offloads blank them on most machines. On our links they are as on a
 * wire. It validates all others (ICMP, IGMP, OSPF, VRRP, DCCP, …) anyway.
 */
const checksums = [
  ['ip.check_checksum', 'TRUE'],
  ['tcp.check_checksum', 'TRUE'],
  ['udp.check_checksum', 'TRUE'],
  ['udplite.check_checksum', 'TRUE'],
  ['sctp.checksum', 'CRC 32c'],
] as const;

/** Preferences that both decoders have, as name and value. */
export const sharkdPreferences: readonly (readonly [name: string, value: string])[] = [...nameResolution, ...checksums];

/** The same for tshark. */
export const tsharkPreferences: readonly string[] = ['-n', ...checksums.flatMap(([name, value]) => ['-o', `${name}:${value}`])];
