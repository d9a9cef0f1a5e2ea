// SPDX-License-Identifier: GPL-3.0-or-later

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

const columns = ['frame.number', 'frame.time_epoch', 'frame.len', '_ws.col.protocol', '_ws.col.info'] as const;

/**
 * Arguments of tshark, which reads a pcap from its standard input. Pure.
 * @param filter - display filter; empty for all frames
 */
export function tsharkArguments(filter: string, fields: readonly string[]): readonly string[] {
  return [
    ...['tshark', '-l', '-n', '-r', '-'],
    ...(filter === '' ? [] : ['-Y', filter]),
    ...['-T', 'fields', ...[...columns, ...fields].flatMap((field) => ['-e', field])],
  ];
}

/** Reads a line of what tshark prints with those arguments. */
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
