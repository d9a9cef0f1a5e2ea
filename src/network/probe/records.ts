// SPDX-License-Identifier: GPL-3.0-or-later

/** What a program of a probe flow prints: a number of 32 bits and two of 64 bits, little-endian. */
export interface FlowRecord {
  readonly first: number;
  readonly second: bigint;
  readonly third: bigint;
}

const recordBytes = 20;

/** Instead of the number of a datagram: the second field is the receiver's port. */
export const portRecord = 0xffff_ffff;

/** Instead of the number of a datagram: the receiver's clock, and how many datagrams its socket had no space for. */
export const clockRecord = 0xffff_fffe;

/** Puts records together from the chunks of a stream. */
export class RecordSplitter {
  #rest: Buffer = Buffer.alloc(0);

  /** Returns the records that are complete with this chunk. */
  push(chunk: Buffer): readonly FlowRecord[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const count = Math.floor(bytes.length / recordBytes);
    this.#rest = bytes.subarray(count * recordBytes);
    return Array.from({ length: count }, (_, index) => {
      const at = index * recordBytes;
      return { first: bytes.readUInt32LE(at), second: bytes.readBigUInt64LE(at + 4), third: bytes.readBigUInt64LE(at + 12) };
    });
  }
}

/** A time in `ns` as `ms`. */
export function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds) / 1e6;
}
