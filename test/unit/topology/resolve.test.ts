// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { maxLinks, nodeLinks, resolveTopology } from '../../../src/topology/index.ts';

test('the short form is one DUT whose NICs each have a node', () => {
  expect(resolveTopology({ links: 2 })).toEqual({
    duts: [
      {
        name: 'dut',
        nics: [
          {
            id: 'nic0',
            netdev: 'net0',
            mac: '52:54:00:a1:00:00',
            pciSlot: 0x10,
            tap: 'tap0',
            capture: { id: 'capture0', file: 'link0.pcap' },
          },
          {
            id: 'nic1',
            netdev: 'net1',
            mac: '52:54:00:a1:00:01',
            pciSlot: 0x11,
            tap: 'tap1',
            capture: { id: 'capture1', file: 'link1.pcap' },
          },
        ],
      },
    ],
    nodes: [
      { name: 'node0', interfaces: [{ name: 'eth0', mac: '02:00:00:a1:00:00' }] },
      { name: 'node1', interfaces: [{ name: 'eth0', mac: '02:00:00:a1:00:01' }] },
    ],
    links: [
      {
        name: 'link0',
        ends: [
          { kind: 'nic', dut: 'dut', nic: 'nic0' },
          { kind: 'interface', node: 'node0', interface: 'eth0' },
        ],
      },
      {
        name: 'link1',
        ends: [
          { kind: 'nic', dut: 'dut', nic: 'nic1' },
          { kind: 'interface', node: 'node1', interface: 'eth0' },
        ],
      },
    ],
  });
});

test('a topology without links is one DUT', () => {
  expect(resolveTopology({ links: 0 })).toEqual({ duts: [{ name: 'dut', nics: [] }], nodes: [], links: [] });
});

test('the largest topology fits into the PCI slots, and nothing in it has the same name or address twice', () => {
  const { duts, nodes, links } = resolveTopology({ links: maxLinks });
  const { nics } = duts[0];
  expect(nics.map(({ pciSlot }) => pciSlot)).toEqual(Array.from({ length: 15 }, (_, index) => 0x10 + index));
  const interfaces = nodes.flatMap((node) => node.interfaces);
  const lists = [
    nics.flatMap(({ id, netdev, tap, capture }) => [id, netdev, tap, capture.id, capture.file]),
    [...nics, ...interfaces].map(({ mac }) => mac),
    nodes.map(({ name }) => name),
    links.map(({ name }) => name),
  ];
  for (const list of lists) expect(new Set(list).size).toBe(list.length);
  expect(nics.at(-1)?.mac).toBe('52:54:00:a1:00:0e');
});

test.each([-1, 1.5, 16, Number.NaN])('%j links are refused', (links) => {
  const refused = { code: 'ALPY_USAGE', message: `topology.links: expected a whole number from 0 to 15, got ${links}` };
  expect(() => resolveTopology({ links })).toThrow(expect.objectContaining(refused) as Error);
});

test('a topology stays the same as JSON', () => {
  const topology = resolveTopology({ links: 3 });
  expect(JSON.parse(JSON.stringify(topology))).toEqual(topology);
});

test('each link leads from a NIC to an interface of a node', () => {
  const topology = resolveTopology({ links: 2 });
  const [{ nics }] = topology.duts;
  expect(nodeLinks(topology)).toEqual(
    ['link0', 'link1'].map((name, index) => ({
      name,
      nic: nics[index],
      node: topology.nodes[index],
      interface: topology.nodes[index]?.interfaces[0],
    })),
  );
});
