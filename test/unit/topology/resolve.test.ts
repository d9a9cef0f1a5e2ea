// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { maxLinks, resolveTopology, wiresOf, type NicsOfAppliance } from '../../../src/topology/index.ts';

test('the short form is one DUT whose NICs each have a node', () => {
  expect(resolveTopology({ links: 2 })).toEqual({
    duts: [
      {
        name: 'dut',
        appliance: 'appliance',
        nics: [
          {
            id: 'nic0',
            netdev: 'net0',
            mac: '52:54:00:a1:00:00',
            pciBus: 'root',
            pciSlot: 0x10,
            tap: 'tap0',
            capture: { id: 'capture0', file: 'link0.pcap' },
          },
          {
            id: 'nic1',
            netdev: 'net1',
            mac: '52:54:00:a1:00:01',
            pciBus: 'root',
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
    segments: [],
  });
});

test('a topology without links is one DUT', () => {
  expect(resolveTopology({ links: 0 })).toEqual({
    duts: [{ name: 'dut', appliance: 'appliance', nics: [] }],
    nodes: [],
    links: [],
    segments: [],
  });
});

const pciPlaces = (links: number): readonly string[] =>
  resolveTopology({ links }).duts[0].nics.map(({ pciBus, pciSlot }) => `${pciBus} ${pciSlot}`);
const slots = (bus: string, first: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${bus} ${first + index}`);

test('up to 15 NICs are in PCI slots of the machine; of more, those from the 15th on are behind a bridge in the last slot', () => {
  expect(pciPlaces(15)).toEqual(slots('root', 0x10, 15));
  expect(pciPlaces(16)).toEqual([...slots('root', 0x10, 14), ...slots('bridge', 1, 2)]);
  expect(pciPlaces(32)).toEqual([...slots('root', 0x10, 14), ...slots('bridge', 1, 18)]);
});

test('in the largest topology, nothing has the same name or address twice', () => {
  const { duts, nodes, links } = resolveTopology({ links: maxLinks });
  const { nics } = duts[0];
  expect(nics).toHaveLength(32);
  const interfaces = nodes.flatMap((node) => node.interfaces);
  const lists = [
    nics.flatMap(({ id, netdev, tap, capture }) => [id, netdev, tap, capture?.id, capture?.file]),
    [...nics, ...interfaces].map(({ mac }) => mac),
    nodes.map(({ name }) => name),
    links.map(({ name }) => name),
  ];
  for (const list of lists) expect(new Set(list).size).toBe(list.length);
  expect(nics.at(-1)?.mac).toBe('52:54:00:a1:00:1f');
});

test.each([-1, 1.5, 33, Number.NaN])('%j links are refused', (links) => {
  const refused = { code: 'ALPY_USAGE', message: `topology.links: expected a whole number from 0 to 32, got ${links}` };
  expect(() => resolveTopology({ links })).toThrow(expect.objectContaining(refused) as Error);
});

test('a topology stays the same as JSON', () => {
  const topology = resolveTopology({ links: 3 });
  expect(JSON.parse(JSON.stringify(topology))).toEqual(topology);
});

test('each link leads from a NIC to an interface of a node', () => {
  const topology = resolveTopology({ links: 2 });
  const [dut] = topology.duts;
  expect(wiresOf(topology)).toEqual(
    ['link0', 'link1'].map((name, index) => ({
      name,
      kind: 'direct',
      ends: [
        { kind: 'nic', dut, nic: dut.nics[index] },
        { kind: 'interface', node: topology.nodes[index], interface: topology.nodes[index]?.interfaces[0] },
      ],
    })),
  );
});

test('a NIC has the MAC address of its appliance, or the default of its place', () => {
  const nics = [{}, { mac: '00:1B:21:AA:00:01' }];
  const macs = resolveTopology({ links: 3 }, { nics }).duts[0].nics.map(({ mac }) => mac);
  expect(macs).toEqual(['52:54:00:a1:00:00', '00:1b:21:aa:00:01', '52:54:00:a1:00:02']);
});

const igb = { model: 'igb' };
const mac = '52:54:00:12:34:56';

test.each<[string, number, NicsOfAppliance, string]>([
  [
    'more NICs than links',
    2,
    { nics: [{}, {}, {}, {}] },
    'appliance.nics: expected at most 2, as many as topology.links, got 4. Remove 2 from the list, or set topology.links to 4',
  ],
  [
    'a NIC without any link',
    0,
    { nics: [{}] },
    'appliance.nics: expected none, because topology.links is 0, got 1. Remove 1 from the list, or set topology.links to 1',
  ],
  [
    'a MAC address twice',
    2,
    { nics: [{ mac }, { mac: mac.toUpperCase() }] },
    `appliance.nics.1.mac: expected an address that no other interface has, got ${mac}, which appliance.nics.0 has too. Change one of them`,
  ],
  [
    'the MAC address of another NIC',
    2,
    { nics: [{ mac: '52:54:00:a1:00:01' }] },
    'appliance.nics.1.mac: expected an address that no other interface has, got 52:54:00:a1:00:01, which appliance.nics.0 has too. Change one of them',
  ],
  [
    'the MAC address of a node',
    2,
    { nics: [{ mac: '02:00:00:A1:00:01' }] },
    'appliance.nics.0.mac: expected an address that no other interface has, got 02:00:00:a1:00:01, which node1 has too. Change one of them',
  ],
  [
    'a boot from the network without links',
    0,
    { boot: 'network' },
    'appliance.boot: expected a link to boot from, got topology.links: 0. Set topology.links to 1 or more',
  ],
  [
    'a boot from the network without a ROM',
    1,
    { boot: 'network', nic: 'igb' },
    'appliance.boot: expected a NIC that has a boot ROM, got only igb, for which QEMU has none. Set the first entry of appliance.nics to another model, such as e1000e, or name a file in its rom',
  ],
  [
    'a boot from the network and a kernel',
    1,
    { boot: 'network', kernel: '/vmlinuz' },
    'appliance.boot: expected either network or a kernel, which QEMU boots itself, got both. Remove one of them',
  ],
  [
    'a PCIe device in an old machine',
    1,
    { nic: 'igb', machine: 'pc' },
    'appliance.machine: expected q35, because igb is a PCIe device, got pc. Set machine to q35, or choose another NIC',
  ],
  [
    'more PCIe ports than a machine boots with',
    13,
    { nic: 'igb' },
    'appliance.nics: expected at most 12 NICs of the model igb, because each needs a PCIe port, got 13. Choose another model, such as e1000e, for the others',
  ],
  [
    'a PCIe device behind a PCI bridge',
    16,
    { nics: [...Array.from({ length: 14 }, () => ({})), igb] },
    'appliance.nics: expected igb only for the first 14 of 16 links, because the others are behind a PCI bridge, got it for link14. Choose another model, such as e1000e, for it',
  ],
])('%s: refused, with what to do', (_, links, appliance, message) => {
  const refused = { code: 'ALPY_USAGE', message };
  expect(() => resolveTopology({ links }, appliance)).toThrow(expect.objectContaining(refused) as Error);
});

test('NICs of PCIe models are accepted wherever there is room for them', () => {
  expect(resolveTopology({ links: 1 }, { nics: [{ model: 'igb', rom: '/ipxe.rom' }], boot: 'network' }).nodes).toHaveLength(1);
  expect(resolveTopology({ links: 12 }, { nic: 'igb' }).nodes).toHaveLength(12);
  expect(resolveTopology({ links: 15 }, { nics: [...Array.from({ length: 14 }, () => ({})), igb] }).nodes).toHaveLength(15);
  expect(resolveTopology({ links: 32 }, { nic: 'e1000e', nics: [igb], boot: 'network' }).nodes).toHaveLength(32);
});
