// SPDX-License-Identifier: GPL-3.0-or-later
import { CaptureError } from './errors.ts';

/** Turns a time of a record, in `ms` since 1970, into the true one. */
export type ToWallClock = (recordedMs: number) => number;

// The classic format, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-06.html; QEMU writes it in the byte order of its machine.
const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const microsecondsMagic = 0xa1b2c3d4;
/** Longer than any record that filter-dump writes; a longer one means that we read in the wrong place. */
const longestRecordBytes = 16 * 1024 * 1024;

/**
 * Reads a pcap as it comes, in pieces of any length, and gives back its complete records with their times put right. What
 * it gives has the same length as what it read.
 */
export class PcapRewriter {
  readonly #toWallClock: ToWallClock;
  #rest: Buffer = Buffer.alloc(0);
  #hasHeader = false;
  #records = 0;

  constructor(toWallClock: ToWallClock) {
    this.#toWallClock = toWallClock;
  }

  /** how many complete records there were */
  get records(): number {
    return this.#records;
  }

  /** how many bytes of an incomplete record wait for their rest */
  get restBytes(): number {
    return this.#rest.length;
  }

  /**
   * Takes the next piece; returns what is complete with it.
   * @throws {@link CaptureError} when it is no pcap of this kind
   */
  push(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#rest, chunk]); // a copy, so that it can be changed
    let at = 0;
    if (!this.#hasHeader) {
      if (bytes.length < fileHeaderBytes) {
        this.#rest = bytes;
        return Buffer.alloc(0);
      }
      if (bytes.readUInt32LE(0) !== microsecondsMagic)
        throw new CaptureError(`this is no pcap file: it begins with ${bytes.toString('hex', 0, 4)}`);
      this.#hasHeader = true;
      at = fileHeaderBytes;
    }
    while (bytes.length - at >= recordHeaderBytes) {
      const lengthBytes = bytes.readUInt32LE(at + 8);
      if (lengthBytes > longestRecordBytes) {
        throw new CaptureError(`record ${this.#records + 1} claims ${lengthBytes} bytes: the capture is damaged`);
      }
      if (bytes.length - at < recordHeaderBytes + lengthBytes) break;
      this.#correct(bytes, at);
      this.#records += 1;
      at += recordHeaderBytes + lengthBytes;
    }
    this.#rest = bytes.subarray(at);
    return bytes.subarray(0, at);
  }

  #correct(bytes: Buffer, at: number): void {
    const recordedMs = bytes.readUInt32LE(at) * 1000 + bytes.readUInt32LE(at + 4) / 1000;
    const microseconds = Math.max(0, Math.round(this.#toWallClock(recordedMs) * 1000));
    bytes.writeUInt32LE(Math.floor(microseconds / 1e6) % 2 ** 32, at);
    bytes.writeUInt32LE(microseconds % 1e6, at + 4);
  }
}
