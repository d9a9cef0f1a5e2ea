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

/** So that a message whose TCP segments arrive in another order, such as an HTTP reply, is decoded like any other. */
const reassembly = [['tcp.reassemble_out_of_order', 'TRUE']] as const;

const common = [...checksums, ...reassembly];

/** Preferences for sharkd: name and value. */
export const sharkdPreferences: readonly (readonly [name: string, value: string])[] = [...nameResolution, ...common];

/** The same preferences as arguments of tshark. */
export const tsharkPreferences: readonly string[] = ['-n', ...common.flatMap(([name, value]) => ['-o', `${name}:${value}`])];

/** How frames are decoded, besides alpy's own preferences. */
export interface DecodeOptions {
  /** protocols of ports that Wireshark does not know, as for `tshark -d`: `tcp.port==8888,http`; default: none */
  readonly decodeAs?: readonly string[];
  /** preferences of Wireshark by name, as for `tshark -o`: `{ 'tcp.desegment_tcp_streams': 'FALSE' }`; default: none */
  readonly preferences?: Readonly<Record<string, string>>;
}

/** Whether they differ from the default. */
export function areSet({ decodeAs = [], preferences = {} }: DecodeOptions): boolean {
  return decodeAs.length > 0 || Object.keys(preferences).length > 0;
}

/** The options as arguments of tshark. Pure. */
export function decodeArguments({ decodeAs = [], preferences = {} }: DecodeOptions): readonly string[] {
  const named = Object.entries(preferences).flatMap(([name, value]) => ['-o', `${name}:${value}`]);
  return [...decodeAs.flatMap((rule) => ['-d', rule]), ...named];
}
