// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { parseFrame, tsharkCommand } from '../../../src/capture/frame.ts';

const preferences = [
  '-n',
  ...['ip.check_checksum:TRUE', 'tcp.check_checksum:TRUE', 'udp.check_checksum:TRUE', 'udplite.check_checksum:TRUE'],
  'sctp.checksum:CRC 32c',
  'tcp.reassemble_out_of_order:TRUE',
].flatMap((word) => (word === '-n' ? [word] : ['-o', word]));
const printed = ['frame.number', 'frame.time_epoch', 'frame.len', '_ws.col.protocol', '_ws.col.info'];
const fields = (...names: readonly string[]) => ['-T', 'fields', ...[...printed, ...names].flatMap((name) => ['-e', name])];

test('tshark reads its standard input as it arrives, filters and prints fields', () => {
  expect(tsharkCommand({ filter: '', fields: [] }, true)).toEqual(['tshark', '-r', '-', '-l', ...preferences, ...fields()]);
  expect(tsharkCommand({ filter: 'ip && udp', fields: ['ip.ttl'] }, true)).toEqual([
    ...['tshark', '-r', '-', '-l', ...preferences, '-Y', 'ip && udp'],
    ...fields('ip.ttl'),
  ]);
});

test('without `follow`, tshark makes two passes over a file', () => {
  const settings = { decodeAs: ['udp.port==9,syslog'], preferences: { 'http.x': '1' } };
  expect(tsharkCommand({ filter: '', fields: [], ...settings }, true)).toEqual([
    ...['tshark', '-r', '-', '-l', ...preferences, '-d', 'udp.port==9,syslog', '-o', 'http.x:1', ...fields()],
  ]);
  const [sh, option, script, ...args] = tsharkCommand({ filter: 'ip', fields: [] }, false);
  expect([sh, option, script?.split('\n').at(-1)]).toEqual(['sh', '-c', 'exec tshark -2 -r /dev/stdin "$@"']);
  expect(args).toEqual(['sh', '-l', ...preferences, '-Y', 'ip', ...fields()]);
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
