// SPDX-License-Identifier: GPL-3.0-or-later

import { decodeArguments, tsharkPreferences, type DecodeOptions } from './preferences.ts';

/** A frame of a capture, as tshark understands it. */
export interface Frame {
  /** its position in the capture, from 1 */
  readonly number: number;
  /** when it crossed the link, in `ms` since 1970 */
  readonly timeMs: number;
  /** its length on the wire, in `bytes`, without the checksum at the end */
  readonly lengthBytes: number;
  /** highest protocol: `ICMP`, `TCP` */
  readonly protocol: string;
  /** one line about it */
  readonly info: string;
  /** the requested fields, by name; several values are joined by commas, a missing field is empty */
  readonly fields: Readonly<Record<string, string>>;
}

/** Which frames to decode. */
export interface FrameQuery extends DecodeOptions {
  /** display filter of Wireshark; empty for all frames */
  readonly filter: string;
  /** fields of Wireshark to read from each frame, such as `ip.ttl` */
  readonly fields: readonly string[];
  /** maximum number of frames; absent for all */
  readonly limit?: number | undefined;
}

const columns = ['frame.number', 'frame.time_epoch', 'frame.len', '_ws.col.protocol', '_ws.col.info'] as const;

/**
 * Two passes need a file, which is unlinked before tshark reads it. Frames then appear as in Wireshark, including references to
 * later frames, such as the one with the answer.
 */
const twoPasses = `set -e
file=$(mktemp)
cat >"$file"
exec <"$file"
rm "$file"
exec tshark -2 -r /dev/stdin "$@"`;

/**
 * Command that reads a pcap from its standard input and prints a line per frame. Pure.
 * @param follow - whether to print each frame as it arrives, which leaves no time for a second pass
 */
export function tsharkCommand({ filter, fields, ...decoding }: FrameQuery, follow: boolean): readonly string[] {
  return [
    ...(follow ? ['tshark', '-r', '-'] : ['sh', '-c', twoPasses, 'sh']),
    ...['-l', ...tsharkPreferences, ...decodeArguments(decoding)],
    ...(filter === '' ? [] : ['-Y', filter]),
    ...['-T', 'fields', ...[...columns, ...fields].flatMap((field) => ['-e', field])],
  ];
}

/** Parses a line that the command printed. */
export function parseFrame(line: string, fields: readonly string[]): Frame {
  const [number = '', time = '', length = '', protocol = '', info = '', ...values] = line.split('\t');
  return {
    number: Number(number),
    timeMs: Number(time) * 1000,
    lengthBytes: Number(length),
    protocol,
    info,
    fields: Object.fromEntries(fields.map((field, index) => [field, values[index] ?? ''])),
  };
}
