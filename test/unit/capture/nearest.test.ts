// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { Frame } from '../../../src/capture/index.ts';
import { NearestFrames } from '../../../src/capture/nearest.ts';

const filter = 'icmp && icmp.type == 8 && ip.dst == 192.168.1.2';

/** A frame with the values that tshark prints for the fields of {@link NearestFrames}. */
function frame(number: number, protocol: string, to: string, fields: Readonly<Record<string, string>>): Frame {
  return {
    ...{ number, timeMs: 0, lengthBytes: 60, protocol, info: 'some info' },
    fields: { 'frame.time_relative': `${number / 10}`, '_ws.col.def_src': '192.168.1.1', '_ws.col.def_dst': to, ...fields },
  };
}

const echoTo = (number: number, to: string): Frame =>
  frame(number, 'ICMP', to, { icmp: 'Internet Control Message Protocol', 'icmp.type': '8', 'icmp.type == 8': '✓', 'ip.dst': to });
const datagram = (number: number): Frame =>
  frame(number, 'UDP', '192.168.1.2', { 'ip.dst': '192.168.1.2', 'ip.dst == 192.168.1.2': '✓' });

test('the frames that pass most parts are shown first, with the values that differ, and equal ones once', () => {
  const nearest = new NearestFrames(filter);
  expect(nearest.fields).toEqual([
    ...['frame.time_relative', '_ws.col.def_src', '_ws.col.def_dst'],
    ...['icmp', 'icmp.type == 8', 'icmp.type', 'ip.dst == 192.168.1.2', 'ip.dst'],
  ]);
  for (const one of [echoTo(1, '192.168.1.3'), echoTo(2, '192.168.1.3'), datagram(3), frame(4, 'ARP', 'ff:ff', {})])
    nearest.add(one);
  expect(nearest.details()).toEqual([
    {
      title: 'Nearest frames, and what differs',
      lines: [
        'frame 2 and 1 before that differs in the same way, 0.200 s: ICMP 192.168.1.1 → 192.168.1.3 some info',
        '  ip.dst was 192.168.1.3',
        'frame 3, 0.300 s: UDP 192.168.1.1 → 192.168.1.2 some info',
        '  there is no icmp, there is no icmp.type',
      ],
    },
  ]);
});

test('if no frame has anything in common with the filter, the last frames are shown', () => {
  const nearest = new NearestFrames('not arp');
  expect(nearest.details()).toEqual([]);
  nearest.add(frame(1, 'ARP', 'ff:ff', {}));
  expect(nearest.details()).toEqual([
    {
      title: 'Last frames, which have nothing in common with the filter',
      lines: ['frame 1, 0.100 s: ARP 192.168.1.1 → ff:ff some info', '  not arp is false'],
    },
  ]);
});

test('the memory is bounded: the farthest frames are forgotten', () => {
  const nearest = new NearestFrames(filter);
  nearest.add(echoTo(1, '192.168.1.3'));
  for (let number = 2; number < 3000; number += 1) nearest.add(frame(number, 'ICMP', 'x', { 'ip.dst': `10.0.${number}` }));
  expect(nearest.details()[0]?.lines.slice(0, 2)).toEqual([
    'frame 1, 0.100 s: ICMP 192.168.1.1 → 192.168.1.3 some info',
    '  ip.dst was 192.168.1.3',
  ]);
});
