// SPDX-License-Identifier: GPL-3.0-or-later

const lengthBytes = 4;
const [pcapHeaderBytes, pcapRecordBytes] = [24, 16];

/** Frames as QEMU reads them from a socket: each after its length. Pure. */
export function encodeFrames(frames: readonly Buffer[]): Buffer {
  return Buffer.concat(
    frames.flatMap((frame) => {
      const length = Buffer.alloc(lengthBytes);
      length.writeUInt32BE(frame.length);
      return [length, frame];
    }),
  );
}

/** The complete frames in what QEMU writes to a socket. Pure. */
export function decodeFrames(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + lengthBytes <= bytes.length;) {
    const start = at + lengthBytes;
    const end = start + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(start, end));
    at = end;
  }
  return frames;
}

/** The complete frames in a pcap file. Pure. @param bytes - in the byte order of a PC */
export function framesInPcap(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = [];
  for (let at = pcapHeaderBytes; at + pcapRecordBytes <= bytes.length;) {
    const start = at + pcapRecordBytes;
    const end = start + bytes.readUInt32LE(at + 8);
    if (end > bytes.length) break;
    frames.push(bytes.subarray(start, end));
    at = end;
  }
  return frames;
}
