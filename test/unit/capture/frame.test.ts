// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { parseFrame, tsharkArguments } from '../../../src/capture/frame.ts';

test('tshark reads its standard input, filters and prints fields', () => {
  const fields = [
    '-e',
    'frame.number',
    '-e',
    'frame.time_epoch',
    '-e',
    'frame.len',
    '-e',
    '_ws.col.protocol',
    '-e',
    '_ws.col.info',
  ];
  expect(tsharkArguments('', [])).toEqual(['tshark', '-l', '-n', '-r', '-', '-T', 'fields', ...fields]);
  expect(tsharkArguments('ip && udp', ['ip.ttl'])).toEqual([
    'tshark',
    '-l',
    '-n',
    '-r',
    '-',
    '-Y',
    'ip && udp',
    '-T',
    'fields',
    ...fields,
    '-e',
    'ip.ttl',
  ]);
});

test('a line becomes a frame', () => {
  const line = '3\t1700000000.250000000\t98\tICMP\tEcho (ping) request  ttl=63\t63,64\t';
  expect(parseFrame(line, ['ip.ttl', 'tcp.port'])).toEqual({
    number: 3,
    timeMs: 1_700_000_000_250,
    lengthBytes: 98,
    protocol: 'ICMP',
    info: 'Echo (ping) request  ttl=63',
    fields: { 'ip.ttl': '63,64', 'tcp.port': '' },
  });
});
