// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveTopology, type LongTopology } from '../../../src/topology/index.ts';

const pair: LongTopology = {
  duts: { left: 'router', right: { appliance: 'router' } },
  nodes: { client: { address: '10.0.0.2/24', http: { files: {} } }, server: { interfaces: { eth1: { mtu: 1400 } } } },
  links: [
    ['client', 'left:0'],
    ['left:1', 'right:1'],
    { ends: ['right:0', 'server'], name: 'far', mac: ['52:54:00:12:34:AB', null] },
  ],
  segments: { lan: ['left:2', 'right:2', 'server'] },
};

test('the long form names devices, nodes, links and segments', () => {
  const macs = [{ mac: '52:54:00:00:00:01' }, { mac: '52:54:00:00:00:02' }];
  expect(resolveTopology(pair, [{ name: 'right', appliance: { nics: macs } }])).toEqual({
    duts: [
      {
        name: 'left',
        appliance: 'router',
        nics: [
          nic(0, { mac: '52:54:00:a1:00:00', tap: 'tap0', file: 'client--left.0.pcap' }),
          nic(1, { mac: '52:54:00:a1:00:01', tap: 'tap1', file: 'left.1--right.1.pcap' }),
          nic(2, { mac: '52:54:00:a1:00:02', tap: 'tap2', file: 'lan.pcap' }),
        ],
      },
      {
        name: 'right',
        appliance: 'router',
        nics: [
          nic(0, { mac: '52:54:00:12:34:ab', tap: 'dut1tap0', file: 'far.pcap' }),
          nic(1, { mac: '52:54:00:00:00:02', tap: 'dut1tap1' }),
          nic(2, { mac: '52:54:00:a1:01:02', tap: 'dut1tap2' }),
        ],
      },
    ],
    nodes: [
      {
        name: 'client',
        interfaces: [{ name: 'eth0', mac: '02:00:00:a1:00:00', config: { address: '10.0.0.2/24' } }],
        config: pair.nodes?.['client'],
      },
      {
        name: 'server',
        interfaces: [
          { name: 'eth0', mac: '02:00:00:a1:00:01' },
          { name: 'eth1', mac: '02:00:00:a1:00:02', config: { mtu: 1400 } },
        ],
        config: pair.nodes?.['server'],
      },
    ],
    links: [
      { name: 'client--left:0', ends: [endAt('client', 'eth0'), endOf('left', 0)] },
      { name: 'left:1--right:1', ends: [endOf('left', 1), endOf('right', 1)] },
      { name: 'far', ends: [endOf('right', 0), endAt('server', 'eth0')] },
    ],
    segments: [{ name: 'lan', ends: [endOf('left', 2), endOf('right', 2), endAt('server', 'eth1')] }],
  });
});

test('only the first NIC on a cable or segment records the frames', () => {
  const [left, right] = resolveTopology(pair).duts;
  expect(left.nics.map(({ capture }) => capture?.file)).toEqual(['client--left.0.pcap', 'left.1--right.1.pcap', 'lan.pcap']);
  expect(right?.nics.map(({ capture }) => capture?.file)).toEqual(['far.pcap', undefined, undefined]);
});

test('devices may have no NIC', () => {
  const { duts, links } = resolveTopology({ duts: { alone: 'router' } });
  expect([duts, links]).toEqual([[{ name: 'alone', appliance: 'router', nics: [] }], []]);
});

function nic(
  number: number,
  { mac, tap, file }: { readonly mac: string; readonly tap: string; readonly file?: string },
): unknown {
  return {
    id: `nic${number}`,
    netdev: `net${number}`,
    mac,
    pciBus: 'root',
    pciSlot: 0x10 + number,
    tap,
    ...(file === undefined ? {} : { capture: { id: `capture${number}`, file } }),
  };
}

function endOf(dut: string, number: number): unknown {
  return { kind: 'nic', dut, nic: `nic${number}` };
}

function endAt(node: string, name: string): unknown {
  return { kind: 'interface', node, interface: name };
}
