// SPDX-License-Identifier: GPL-3.0-or-later
// Links and segments without a device.
import { expect, test } from 'vitest';
import { createdFiles } from '../../../src/testbed/device-names.ts';
import { connectionsOf } from '../../../src/testbed/wiring.ts';
import {
  describeTopology,
  resolveTopology,
  topologyAround,
  wiresOf,
  type LongTopology,
  type RawTopology,
} from '../../../src/topology/index.ts';
import { hasNodeLinks, rawHasNodeLinks } from '../../../src/topology/node-links.ts';

const raw: LongTopology = {
  duts: { dut: 'router' },
  nodes: { client: {}, hop: {}, server: {}, internet: { uplink: true } },
  links: [['client', 'hop'], ['hop', 'dut:0'], { ends: ['server', 'internet'], name: 'outside' }],
  segments: { lan: ['client', 'hop', 'server'] },
};
const topology = resolveTopology(raw);
const wires = wiresOf(topology);

test('the ends of a link or segment without a device are taps of a junction, which records the frames', () => {
  const joined = wires.filter(({ junction }) => junction);
  expect(
    joined.map(({ name, kind, ends, junction }) => [name, kind, ends.map((end) => 'tap' in end && end.tap), junction]),
  ).toEqual([
    ['client--hop', 'junction', ['wire0-0', 'wire0-1'], { capture: { id: 'capture0', file: 'client--hop.pcap' } }],
    ['outside', 'junction', ['wire2-0', 'wire2-1'], { capture: { id: 'capture2', file: 'outside.pcap' }, uplinkTap: 'wire2-up' }],
    ['lan', 'junction', ['wire3-0', 'wire3-1', 'wire3-2'], { capture: { id: 'capture3', file: 'lan.pcap' } }],
  ]);
  expect(wires.map(({ kind }) => kind)).toEqual(['junction', 'direct', 'junction', 'junction']);
});

test('a node gets the taps of the junction when the junction has opened them', () => {
  const ofHop = connectionsOf(wires).filter(({ end }) => end.node.name === 'hop');
  expect(ofHop.map(({ end, name, openedBy }) => [end.interface.name, name, openedBy])).toEqual([
    ['eth0', 'wire0-1', 'junction'],
    ['eth1', 'tap0', topology.duts[0]],
    ['eth2', 'wire3-1', 'junction'],
  ]);
});

test('their captures are among the files of a testbed, and have their names', () => {
  expect(createdFiles(topology).filter((file) => file.endsWith('.pcap'))).toEqual([
    ...['hop--dut.0.pcap', 'client--hop.pcap', 'outside.pcap', 'lan.pcap'],
  ]);
  const { links, segments } = describeTopology(topology);
  expect(links[0]).toEqual({ name: 'client--hop', ends: ['client:eth0', 'hop:eth0'], capture: 'client--hop.pcap' });
  expect(segments[0]?.capture).toBe('lan.pcap');
});

test('a device that boots alone does not see what is behind a node', () => {
  const two = resolveTopology({ ...raw, duts: { dut: 'router', other: 'router' } });
  const around = topologyAround(two, 'dut');
  expect(around.links.map(({ name }) => name)).toEqual(['hop--dut:0']);
  expect(wiresOf(around).some(({ junction }) => junction)).toBe(false);
});

const pair = { duts: { dut: 'router' }, nodes: { client: {}, server: {} } };

test.each<readonly [boolean, RawTopology]>([
  [true, raw],
  [true, { ...pair, segments: { lan: ['client', 'server'] } }],
  [true, { ...pair, links: [{ ends: ['client', 'server'] }] } satisfies LongTopology],
  [false, { ...pair, links: [['client', 'dut:0']], segments: { lan: ['dut:1', 'server'] } } satisfies LongTopology],
  [false, { duts: { dut: 'router' } }],
  [false, { links: 2 }],
] satisfies (readonly [boolean, RawTopology])[])(
  'whether a topology has links without a device, as a value and in a file: %s',
  (expected, given) => {
    expect(rawHasNodeLinks(given)).toBe(expected);
    expect(hasNodeLinks(resolveTopology(given))).toBe(expected);
  },
);
