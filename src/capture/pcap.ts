// SPDX-License-Identifier: GPL-3.0-or-later
import { CaptureError } from './errors.ts';

/** Converts the time in a record to wall-clock time; both in `ms` since 1970. */
export type ToWallClock = (recordedMs: number) => number;

// The classic format, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-06.html; QEMU writes it in the byte order of its machine.
const fileHeaderBytes = 24;
const recordHeaderBytes = 16;
const microsecondsMagic = 0xa1b2c3d4;
/** filter-dump writes no longer records, so a longer one means that the file is damaged. */
const longestRecordBytes = 16 * 1024 * 1024;

/**
 * Reads a pcap in pieces of any length, and returns its complete records with corrected times. The output is as long as the
 * input.
 */
export class PcapRewriter {
  readonly #toWallClock: ToWallClock;
  #rest: Buffer = Buffer.alloc(0);
  #hasHeader = false;
  #records = 0;

  constructor(toWallClock: ToWallClock) {
    this.#toWallClock = toWallClock;
  }

  /** number of complete records so far */
  get records(): number {
    return this.#records;
  }

  /** number of bytes of a record that is not complete yet */
  get restBytes(): number {
    return this.#rest.length;
  }

  /**
   * Takes the next piece and returns the records that it completes.
   * @throws {@link CaptureError} when the input is not a pcap of this kind
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
        throw new CaptureError(`expected a pcap file, got one that begins with ${bytes.toString('hex', 0, 4)}`);
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
