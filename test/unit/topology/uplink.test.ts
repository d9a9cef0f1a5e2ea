// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/index.ts';
import { topologyMermaid, topologyText } from '../../../src/cli/topology-text.ts';
import { describeTopology, resolveTopology, wiresOf } from '../../../src/topology/index.ts';

function problemsOf(topology: unknown): readonly string[] {
  try {
    resolveConfig({
      file: '/project/alpy.yaml',
      raw: { appliances: { router: { image: 'x.qcow2' } }, topology: { duts: { dut: 'router' }, ...(topology as object) } },
      directory: '/elsewhere',
    });
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
  return [];
}

const nodeProblem = (node: object, links: unknown = [['internet', 'dut:0']]): readonly string[] =>
  problemsOf({ nodes: { internet: { uplink: true, ...node } }, links });

test('a link with an uplink is a hub with the router as a further end, in the network of the node', () => {
  const topology = resolveTopology({ links: 2, nodes: { node1: { uplink: 'lab', address: ['fd00::9/64', '192.0.2.9/26'] } } });
  expect(wiresOf(topology).map(({ kind, uplink }) => ({ kind, uplink }))).toEqual([
    { kind: 'direct', uplink: undefined },
    {
      kind: 'hub',
      uplink: {
        ...{ node: 'node1', through: 'lab', tap: 'uplink0', pair: ['uplink0h', 'uplink0f'] },
        ...{ network: '192.0.2.0/26', router: '192.0.2.2', dns: '192.0.2.3', firstLease: '192.0.2.15' },
      },
    },
  ]);
});

test('without an address, the network is that of QEMU; `uplink: false` creates no uplink', () => {
  const topology = resolveTopology({ links: 2, nodes: { node0: { uplink: true }, node1: { uplink: false } } });
  expect(wiresOf(topology).map(({ uplink }) => uplink?.router)).toEqual(['10.0.2.2', undefined]);
  const described = describeTopology(topology);
  expect(topologyText(described).join('\n')).toMatch(/^ {2}node0 +uplink: router 10\.0\.2\.2, dns 10\.0\.2\.3$/m);
  expect(topologyMermaid(described)).toContain('  node0("node0 (uplink)")');
});

test.each([
  [{}, []],
  [{ uplink: 'lab-net.1' }, []],
  [{ address: ['10.0.2.4/24', 'fd00::1/64'] }, []],
  [{ uplink: '' }, ['topology.nodes.internet.uplink: expected true, or the name of a network of Docker, got ""']],
  [
    { address: '10.0.2.16/24' },
    [
      'topology.nodes.internet.address: expected an address that the uplink\'s router does not use: it has 10.0.2.2 and 10.0.2.3, and gives out 10.0.2.15 to 10.0.2.30, got "10.0.2.16/24"',
    ],
  ],
  [
    { address: '10.0.2.1/28' },
    [
      'topology.nodes.internet.address: expected an IPv4 network of at least 32 addresses beside uplink, such as a /24, got "10.0.2.1/28"',
    ],
  ],
  [
    { address: ['10.0.2.1/24', '10.0.3.1/24'] },
    ['topology.nodes.internet.address: expected one IPv4 address beside uplink, whose router serves its network, got a list'],
  ],
  [
    { address: '10.0.2.1/24', dhcp: {} },
    ['topology.nodes.internet.dhcp: expected no DHCP server beside uplink, whose router is one. Remove it, got an object'],
  ],
  [
    { bond: { mode: '802.3ad', address: '10.0.2.4/24' } },
    ['topology.nodes.internet.bond: expected no bond beside uplink, which is for a node with one link. Remove it, got an object'],
  ],
])('%j: %j', (node, expected) => {
  expect(nodeProblem(node)).toEqual(expected);
});

test('a node with an uplink has one interface, and a segment has one uplink', () => {
  const links = [
    ['internet', 'dut:0'],
    ['internet', 'dut:1'],
  ];
  expect(nodeProblem({}, links)).toEqual([
    'topology.nodes.internet.uplink: expected false, because the node has 2 interfaces, and only one can lead to the outside, got the boolean true',
  ]);
  const nodes = { one: { uplink: true }, other: { uplink: 'lab' } };
  expect(problemsOf({ nodes, segments: { lan: ['dut:0', 'one', 'other'] } })).toEqual([
    'topology.segments.lan: expected at most one node with an uplink on a segment, got one, other. Remove uplink from the others',
  ]);
});

test('another DHCP server beside an uplink is a mistake, unless it serves only another network', () => {
  const segments = { lan: ['dut:0', 'internet', 'server'], other: ['dut:1', 'server'] };
  const interfaces = { eth0: { address: '10.0.2.100/24' }, eth1: { address: '10.1.0.1/24' } };
  const problems = (dhcp: object): readonly string[] =>
    problemsOf({ nodes: { internet: { uplink: true }, server: { interfaces, dhcp } }, segments });
  const expected = [
    "topology.nodes.server.dhcp: expected no DHCP server on lan, where the router of internet's uplink is one. Remove it, or set a range of another network, got an object",
  ];
  expect(problems({})).toEqual(expected);
  expect(problems({ range: '10.0.2.100-10.0.2.200' })).toEqual(expected);
  expect(problems({ range: '10.1.0.100-10.1.0.200' })).toEqual([]);
});

test('a DHCP server for IPv6 beside an uplink, whose router serves IPv4, is no mistake', () => {
  const nodes = { internet: { uplink: true }, server: { address: 'fd00::1/64', dhcp: {} } };
  expect(problemsOf({ nodes, segments: { lan: ['dut:0', 'internet', 'server'] } })).toEqual([]);
});
