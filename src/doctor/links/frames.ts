// SPDX-License-Identifier: GPL-3.0-or-later

/** Kinds of frames, in the order in which they are printed. */
export const frameKinds = [
  'STP',
  'LACP',
  'LLDP',
  'EAPOL',
  'VLAN (802.1Q)',
  'QinQ (802.1ad)',
  'jumbo',
  'IPv6 ND',
  'multicast',
  'broadcast',
  'runts',
  'odd lengths',
  'bad checksums',
  'other protocols',
] as const;

/** One of {@link frameKinds}. */
export type FrameKind = (typeof frameKinds)[number];

/** A frame that a link must pass as it is, although a bridge or a host would drop, change or answer some of them. */
export interface WireFrame {
  readonly kind: FrameKind;
  readonly name: string;
  readonly bytes: Buffer;
}

/** Destination of frames to a single device. No device of a testbed has it. */
const unicast = '525400000002';
const slow = '0180c2000002';

/**
 * Frames of all kinds from a source, all different. Pure.
 * @param source - MAC address in hexadecimal digits: each direction that is tested has its own
 */
export function wireFrames(source: string): readonly WireFrame[] {
  const frame = frameFrom(source);
  const framesOf = (kind: FrameKind, frames: Readonly<Record<string, Buffer>>): readonly WireFrame[] =>
    Object.entries(frames).map(([name, bytes]) => ({ kind, name, bytes }));
  const ofLengths = (kind: FrameKind, lengths: readonly number[]): readonly WireFrame[] =>
    lengths.map((length) => ({ kind, name: `${length} bytes`, bytes: frame(unicast, '88b5', length) }));
  const bridge = `8000${source}`;
  const spanningTree = `${bridge}00000000${bridge}80010000140002000f00`;
  return [
    ...framesOf('STP', {
      'STP BPDU': frame('0180c2000000', `00264242030000000000${spanningTree}`),
      'RSTP BPDU': frame('0180c2000000', `0027424203000002023c${spanningTree}`),
      'Cisco PVST+': frame('01000ccccccd', `0032aaaa0300000c010b0000000000${bridge}`),
    }),
    ...framesOf('LACP', {
      LACP: frame(slow, `880901010114ffff${source}000100ff00013d000000`, 124),
      'LACP marker': frame(slow, '88090201', 124),
      'OAM of 802.3ah': frame(slow, '8809030050'),
    }),
    ...framesOf('LLDP', {
      'LLDP to the nearest bridge': frame('0180c200000e', `88cc020704${source}0403056c30060200780000`),
      'LLDP to the nearest customer bridge': frame('0180c2000000', `88cc020704${source}0403056c30060200780000`),
      'LLDP to the nearest bridge that is no relay': frame('0180c2000003', `88cc020704${source}0403056c30060200780000`),
      CDP: frame('01000ccccccc', '0020aaaa0300000c200002b4'),
    }),
    ...framesOf('EAPOL', { 'EAPOL start': frame('0180c2000003', '888e01010000') }),
    ...framesOf('VLAN (802.1Q)', {
      '802.1Q': frame(unicast, `81000064${ipv4('11', '0035003500080000')}`),
      '802.1Q with priority, VLAN 0': frame(unicast, `8100e000${ipv4('11', '0035003500080000')}`),
      '802.1Q, VLAN 4095': frame(unicast, '81000fff0806'),
      '802.1Q of 1522 bytes': frame(unicast, '810000640800', 1522),
    }),
    ...framesOf('QinQ (802.1ad)', {
      '802.1ad': frame(unicast, '88a800c8810000640800'),
      '802.1ad without a second tag': frame(unicast, '88a800c80800'),
      '802.1Q twice': frame(unicast, '8100012c8100000a0806'),
    }),
    ...framesOf('jumbo', {
      '9014 bytes': frame(unicast, '0800', 9014),
      '9018 bytes with 802.1Q': frame(unicast, '810000640800', 9018),
    }),
    ...framesOf('IPv6 ND', {
      'IPv6 neighbour solicitation': frame(
        '3333ff000002',
        '86dd6000000000203afffe800000000000000000000000000001ff0200000000000000000001ff00000287000000',
        86,
      ),
      'IPv6 router advertisement': frame('333300000001', '86dd6000000000183afffe80000000000000000000000000000186', 78),
    }),
    ...framesOf('multicast', {
      'IPv4 multicast': frame('01005e000005', ipv4('59', '0201002c')),
      'IGMP query': frame('01005e000001', ipv4('02', '1164ee9b00000000')),
      GVRP: frame('0180c2000021', '000d424203000101'),
      PTP: frame('0180c200000e', '88f70002002c'),
    }),
    ...framesOf('broadcast', {
      ARP: frame('ffffffffffff', `08060001080006040001${source}c0a80101000000000000c0a80102`),
      'PPPoE discovery': frame('ffffffffffff', '8863110900000004010300'),
    }),
    ...ofLengths('runts', [15, 16, 17, 18, 33, 59]),
    ...ofLengths('odd lengths', [61, 63, 1513, 1514, 1515, 4099]),
    ...framesOf('bad checksums', {
      'IPv4 with a wrong checksum': frame(unicast, ipv4('11', '0035003500080000', 'dead')),
      'UDP with a wrong checksum': frame(unicast, ipv4('11', '003500350008beef')),
      'TCP with a wrong checksum': frame(unicast, ipv4('06', '00500050000000000000000050020000dead0000')),
    }),
    ...framesOf('other protocols', {
      'pause frame': frame('0180c2000001', '88080001ffff'),
      'MACsec of 802.1AE': frame(unicast, '88e52c000000000100'),
      MPLS: frame(unicast, '8847000641ff45'),
      'a frame to its own source': frame(source, '0800'),
      'a length instead of an EtherType': frame(unicast, '0003aaaa03'),
      'an unknown EtherType': frame(unicast, '88b5'), // an ordinary one comes last, because it is waited for
    }),
  ];
}

/** Frames of a length, each with its number. Pure. */
export function numberedFrames(source: string, count: number, length: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, number) => {
    const one = frameFrom(source)(unicast, '88b5', length);
    one.writeUInt32BE(number, 14);
    return one;
  });
}

/** Whether a frame has a source address. Pure. */
export function isFrom(source: string, frame: Buffer): boolean {
  return frame.toString('hex', 6, 12) === source;
}

/** Makes frames: destination, source, and what follows, in hexadecimal digits, filled up to a length in bytes. */
function frameFrom(source: string): (destination: string, rest: string, length?: number) => Buffer {
  return (destination, rest, length = 60) => {
    const start = Buffer.from(`${destination}${source}${rest}`, 'hex');
    const filler = Buffer.from(Array.from({ length: Math.max(0, length - start.length) }, (_, index) => (index * 7 + 1) & 0xff));
    return Buffer.concat([start, filler]);
  };
}

/** IPv4: an EtherType, a header without options, and what follows. @param checksum - in hexadecimal digits; 0000 is wrong */
function ipv4(protocol: string, rest: string, checksum = '0000'): string {
  const length = (20 + rest.length / 2).toString(16).padStart(4, '0');
  return `08004500${length}0000000040${protocol}${checksum}0a0000010a000002${rest}`;
}
