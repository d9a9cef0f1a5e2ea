// SPDX-License-Identifier: GPL-3.0-or-later

import { tsharkPreferences } from './preferences.ts';

/** A frame of a capture, as tshark understands it. */
export interface Frame {
  /** its place in the capture, counted from 1 */
  readonly number: number;
  /** when it crossed the link, in `ms` since 1970 */
  readonly timeMs: number;
  /** its length on the wire, in `bytes`, without the checksum at its end */
  readonly lengthBytes: number;
  /** highest protocol: `ICMP`, `TCP` */
  readonly protocol: string;
  /** one line about it */
  readonly info: string;
  /** the fields that were asked for, by name; several values are joined by commas, a field that it lacks is empty */
  readonly fields: Readonly<Record<string, string>>;
}

/** What to look for. */
export interface FrameQuery {
  /** display filter of Wireshark; empty for all frames */
  readonly filter: string;
  readonly fields: readonly string[];
  /** whether to go on with frames that are still to come, which leaves no time for a second pass */
  readonly follow: boolean;
}

const columns = ['frame.number', 'frame.time_epoch', 'frame.len', '_ws.col.protocol', '_ws.col.info'] as const;

/**
 * Two passes need a file; it has no name any more when tshark reads it. Frames are told as Wireshark's window shows them, with
 * what only later ones tell, such as in which frame the answer is.
 */
const twoPasses = `set -e
file=$(mktemp)
cat >"$file"
exec <"$file"
rm "$file"
exec tshark -2 -r /dev/stdin "$@"`;

/**
 * Command that reads a pcap from its standard input. Pure.
 * @param query - what to print of which frames
 */
export function tsharkCommand({ filter, fields, follow }: FrameQuery): readonly string[] {
  return [
    ...(follow ? ['tshark', '-r', '-'] : ['sh', '-c', twoPasses, 'sh']),
    ...['-l', ...tsharkPreferences],
    ...(filter === '' ? [] : ['-Y', filter]),
    ...['-T', 'fields', ...[...columns, ...fields].flatMap((field) => ['-e', field])],
  ];
}

/** Reads a line of what that command prints. */
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
