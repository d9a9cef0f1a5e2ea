// SPDX-License-Identifier: GPL-3.0-or-later
// Frames that a link must pass as they are, although a bridge or a host would drop, change or answer some of them.

const source = '525400000001';
const unicast = '525400000002';

/** A frame: destination, source, and what follows, in hexadecimal digits, filled up to a length in bytes. */
function frame(destination: string, rest: string, length = 60): Buffer {
  const start = Buffer.from(`${destination}${source}${rest}`, 'hex');
  const filler = Buffer.from(Array.from({ length: Math.max(0, length - start.length) }, (_, index) => (index * 7 + 1) & 0xff));
  return Buffer.concat([start, filler]);
}

/** IPv4: an EtherType, a header without options, and what follows. @param checksum - in hexadecimal digits; 0000 is wrong */
function ipv4(protocol: string, rest: string, checksum = '0000'): string {
  const length = (20 + rest.length / 2).toString(16).padStart(4, '0');
  return `08004500${length}0000000040${protocol}${checksum}0a0000010a000002${rest}`;
}

const slow = '0180c2000002';

/** Frames by name. */
export const wireFrames: Readonly<Record<string, Buffer>> = {
  'STP BPDU': frame('0180c2000000', '002642420300000000008000525400000001000000008000525400000001800100001400020000'),
  'RSTP BPDU': frame('0180c2000000', '002742420300000202003c8000525400000001000000008000525400000001800100001400020000'),
  'Cisco PVST+': frame('01000ccccccd', '0032aaaa0300000c010b00000000008000525400000001'),
  CDP: frame('01000ccccccc', '0020aaaa0300000c200002b4'),
  'pause frame': frame('0180c2000001', '88080001ffff'),
  LACP: frame(slow, '880901010114ffff525400000001000100ff00013d000000', 124),
  'LACP marker': frame(slow, '88090201', 124),
  'OAM of 802.3ah': frame(slow, '8809030050'),
  'EAPOL start': frame('0180c2000003', '888e01010000'),
  'LLDP to the nearest bridge': frame('0180c200000e', '88cc0207045254000000010403056c30060200780000'),
  'LLDP to the nearest customer bridge': frame('0180c2000000', '88cc0207045254000000010403056c30060200780000'),
  'LLDP to the nearest bridge that is no relay': frame('0180c2000003', '88cc0207045254000000010403056c30060200780000'),
  GVRP: frame('0180c2000021', '000d424203000101'),
  PTP: frame('0180c200000e', '88f70002002c'),
  'MACsec of 802.1AE': frame(unicast, '88e52c000000000100'),
  '802.1Q': frame(unicast, `81000064${ipv4('11', '0035003500080000')}`),
  '802.1Q with priority, VLAN 0': frame(unicast, `8100e000${ipv4('11', '0035003500080000')}`),
  '802.1Q, VLAN 4095': frame(unicast, '81000fff0806'),
  '802.1ad': frame(unicast, '88a800c8810000640800'),
  'QinQ with 802.1Q twice': frame(unicast, '8100012c8100000a0806'),
  '802.1Q of 1522 bytes': frame(unicast, '810000640800', 1522),
  MPLS: frame(unicast, '8847000641ff45'),
  'PPPoE discovery': frame('ffffffffffff', '8863110900000004010300'),
  'broadcast ARP': frame('ffffffffffff', '08060001080006040001525400000001c0a80101000000000000c0a80102'),
  'IPv6 neighbour solicitation': frame(
    '3333ff000002',
    '86dd6000000000203afffe800000000000000000000000000001ff0200000000000000000001ff00000287000000',
    86,
  ),
  'IPv6 router advertisement': frame('333300000001', '86dd6000000000183afffe80000000000000000000000000000186', 78),
  'IPv4 multicast': frame('01005e000005', ipv4('59', '0201002c')),
  'IGMP query': frame('01005e000001', ipv4('02', '1164ee9b00000000')),
  'IPv4 with a wrong checksum': frame(unicast, ipv4('11', '0035003500080000', 'dead')),
  'UDP with a wrong checksum': frame(unicast, ipv4('11', '003500350008beef')),
  'TCP with a wrong checksum': frame(unicast, ipv4('06', '00500050000000000000000050020000dead0000')),
  'a frame to its own source': frame(source, '0800'),
  'an unknown EtherType': frame(unicast, '88b5'),
  'a length instead of an EtherType': frame(unicast, '0003aaaa03'),
  '15 bytes': frame(unicast, '88b5', 15),
  '16 bytes': frame(unicast, '88b5', 16),
  '17 bytes': frame(unicast, '88b5', 17),
  '18 bytes': frame(unicast, '88b5', 18),
  '33 bytes': frame(unicast, '88b5', 33),
  '59 bytes': frame(unicast, '88b5', 59),
  '61 bytes': frame(unicast, '88b5', 61),
  '63 bytes': frame(unicast, '88b5', 63),
  '1513 bytes': frame(unicast, '88b5', 1513),
  '1514 bytes': frame(unicast, '88b5', 1514),
  '1515 bytes': frame(unicast, '88b5', 1515),
  '4099 bytes': frame(unicast, '88b5', 4099),
  'jumbo, 9014 bytes': frame(unicast, '0800', 9014),
  'jumbo, 9018 bytes with 802.1Q': frame(unicast, '810000640800', 9018),
};

/** Frames of a length, each with its number. */
export function numberedFrames(count: number, length: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, number) => {
    const one = frame(unicast, '88b5', length);
    one.writeUInt32BE(number, 14);
    return one;
  });
}
