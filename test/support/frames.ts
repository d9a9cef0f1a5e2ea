// SPDX-License-Identifier: GPL-3.0-or-later
// Frames made by hand, for captures without a guest.

const [left, right] = [Buffer.from('0200000a1001', 'hex'), Buffer.from('525400a10000', 'hex')];
const [leftAddress, rightAddress] = [Buffer.from([192, 168, 1, 2]), Buffer.from([192, 168, 1, 1])];

/** Which way a frame goes: from the node, or from the device. */
export type Way = 'there' | 'back';

function ethernet(way: Way, type: number, payload: Buffer): Buffer {
  const kind = Buffer.from([type >> 8, type & 0xff]);
  return Buffer.concat([...(way === 'there' ? [right, left] : [left, right]), kind, payload]);
}

function ipv4(way: Way, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.from('4500000000000000400000000000000000000000', 'hex');
  header.writeUInt16BE(header.length + payload.length, 2);
  header[9] = protocol;
  (way === 'there' ? leftAddress : rightAddress).copy(header, 12);
  (way === 'there' ? rightAddress : leftAddress).copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return ethernet(way, 0x0800, Buffer.concat([header, payload]));
}

/** https://www.rfc-editor.org/rfc/rfc1071 */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** That of TCP or UDP, over what they are sent by, too. */
function transportChecksum(protocol: number, message: Buffer): number {
  const pseudo = Buffer.from([...leftAddress, ...rightAddress, 0, protocol, message.length >> 8, message.length & 0xff]);
  return checksum(Buffer.concat([pseudo, message]));
}

/** An ICMP echo: the request there, the reply back. */
export function echo(way: Way, sequence: number): Buffer {
  const message = Buffer.from(`${way === 'there' ? '08' : '00'}000000000100007061796c6f6164`, 'hex');
  message.writeUInt16BE(sequence, 6);
  message.writeUInt16BE(checksum(message), 2); // by which Wireshark finds the answer
  return ipv4(way, 1, message);
}

/** ARP: who has the device's address, there; the answer, back. */
export function arp(way: Way): Buffer {
  const [mine, yours] = way === 'there' ? [left, Buffer.alloc(6)] : [right, left];
  const [from, to] = way === 'there' ? [leftAddress, rightAddress] : [rightAddress, leftAddress];
  const head = Buffer.from(`000108000604000${way === 'there' ? '1' : '2'}`, 'hex');
  return ethernet(way, 0x0806, Buffer.concat([head, mine, from, yours, to]));
}

/** A segment of TCP between port 40000 of the node and a port of the device. @param flags - default: PSH, ACK */
export function tcp(way: Way, sequence: number, acknowledged: number, data: string, port = 80, flags = 0x18): Buffer {
  const header = Buffer.from('00000000000000000000000050187fff00000000', 'hex');
  header.writeUInt16BE(way === 'there' ? 40_000 : port, 0);
  header.writeUInt16BE(way === 'there' ? port : 40_000, 2);
  header.writeUInt32BE(sequence, 4);
  header.writeUInt32BE(acknowledged, 8);
  header.writeUInt8(flags, 13);
  const segment = Buffer.concat([header, Buffer.from(data)]);
  segment.writeUInt16BE(transportChecksum(6, segment), 16);
  return ipv4(way, 6, segment);
}

/** A datagram of UDP from port 40000 of the node. @param error - what its checksum is too much */
export function udp(port: number, data: string, error = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(40_000, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(header.length + Buffer.byteLength(data), 4);
  const datagram = Buffer.concat([header, Buffer.from(data)]);
  datagram.writeUInt16BE((transportChecksum(17, datagram) + error) & 0xffff, 6);
  return ipv4('there', 17, datagram);
}

/** A record of a pcap. */
export function record(frame: Buffer, timeMs: number): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(Math.floor(timeMs / 1000), 0);
  head.writeUInt32LE(Math.round((timeMs % 1000) * 1000), 4);
  head.writeUInt32LE(frame.length, 8);
  head.writeUInt32LE(frame.length, 12);
  return Buffer.concat([head, frame]);
}

/** A pcap of Ethernet frames, a `ms` apart. */
export function pcapOf(frames: readonly Buffer[], startMs = 1_700_000_000_000): Buffer {
  const head = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  return Buffer.concat([head, ...frames.map((frame, index) => record(frame, startMs + index))]);
}
