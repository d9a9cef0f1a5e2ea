// SPDX-License-Identifier: GPL-3.0-or-later
import { createHash } from 'node:crypto';

/** Programs that compute a checksum, best first. */
const programs = ['sha256sum', 'md5sum', 'cksum'] as const;

/**
 * Chooses how to compare bytes of this machine with bytes on the device.
 * @param tools - names of the programs that the device has
 */
export function checksumFor(tools: ReadonlySet<string>): Checksum {
  const program = programs.find((name) => tools.has(name));
  if (program === undefined) return { program: 'wc -c', of: (bytes) => String(bytes.length) };
  if (program === 'cksum') return { program, of: cksum };
  if (program === 'md5sum') return { program, of: md5 };
  return { program, of: (bytes) => createHash('sha256').update(bytes).digest('hex') };
}

/** A program, and the first word that it prints about its standard input. */
export interface Checksum {
  readonly program: string;
  readonly of: (bytes: Uint8Array) => string;
}

/** What `md5sum` prints first. */
export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** What `sum` of coreutils and busybox prints first: BSD's checksum. It has only 16 bits, but the program starts fast. */
export function sum(bytes: Uint8Array): string {
  return String(bytes.reduce((value, byte) => ((value >> 1) + ((value & 1) << 15) + byte) & 0xffff, 0)).padStart(5, '0');
}

/** The checksum of POSIX cksum, which differs from zlib's CRC. */
function cksum(bytes: Uint8Array): string {
  let crc = 0;
  const add = (byte: number): void => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  };
  bytes.forEach(add);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) add(length % 256);
  return String(~crc >>> 0);
}
