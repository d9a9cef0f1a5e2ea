// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { topologyMermaid, topologyText } from '../../../src/cli/topology-text.ts';
import { describeTopology, resolveTopology } from '../../../src/topology/index.ts';
import { documentedConfig } from '../../support/documented-config.ts';

const short = describeTopology(resolveTopology({ links: 2, nodes: { node0: { address: ['10.0.0.1/24', 'fd00::1/64'] } } }));
const { topology, devices } = documentedConfig('topology.yaml');
const long = describeTopology(resolveTopology(topology, devices));

test('the short form as text', () => {
  expect(topologyText(short).join('\n')).toBe(
    `
devices:
  dut      from appliance
    dut:0  52:54:00:a1:00:00  link0
    dut:1  52:54:00:a1:00:01  link1
nodes:
  node0
    eth0  02:00:00:a1:00:00  link0  10.0.0.1/24, fd00::1/64
  node1
    eth0  02:00:00:a1:00:01  link1
links:
  link0  dut:0 -- node0:eth0  link0.pcap
  link1  dut:1 -- node1:eth0  link1.pcap`.trim(),
  );
});

test('the long form as text', () => {
  expect(topologyText(long).join('\n')).toBe(
    `
devices:
  left       from router
    left:0   52:54:00:a1:00:00  client--left:0
    left:1   52:54:00:a1:00:01  left:1--right:1
    left:2   52:54:00:a1:00:02  lan
  right      from router
    right:0  52:54:00:12:34:56  far
    right:1  52:54:00:a1:01:01  left:1--right:1
    right:2  52:54:00:a1:01:02  lan
nodes:
  client
    eth0  02:00:00:a1:00:00  client--left:0  10.0.0.2/24
  server
    eth0  02:00:00:a1:00:01  far             10.2.0.2/24
    eth1  02:00:00:a1:00:02  lan             10.3.0.2/24
links:
  client--left:0   client:eth0 -- left:0   client--left.0.pcap
  left:1--right:1  left:1 -- right:1       left.1--right.1.pcap
  far              right:0 -- server:eth0  far.pcap
segments:
  lan  left:2 -- right:2 -- server:eth1  lan.pcap`.trim(),
  );
});

test('the short form as a diagram', () => {
  expect(topologyMermaid(short).join('\n')).toBe(
    `
flowchart LR
  dut0["dut (appliance)"]
  node0("node0")
  node1("node1")
  dut0 ---|"link0: dut:0 -- node0:eth0"| node0
  dut0 ---|"link1: dut:1 -- node1:eth0"| node1`.trim(),
  );
});

test('the long form as a diagram', () => {
  expect(topologyMermaid(long).join('\n')).toBe(
    `
flowchart LR
  dut0["left (router)"]
  dut1["right (router)"]
  node0("client")
  node1("server")
  node0 ---|"client:eth0 -- left:0"| dut0
  dut0 ---|"left:1 -- right:1"| dut1
  dut1 ---|"far: right:0 -- server:eth0"| node1
  segment0{{"lan"}}
  segment0 ---|"left:2"| dut0
  segment0 ---|"right:2"| dut1
  segment0 ---|"server:eth1"| node1`.trim(),
  );
});

test('a node with a kernel of its own, and one with an uplink, are shown as such', () => {
  const nodes = { client: { kind: 'guest' }, out: { uplink: true } } as const;
  const special = describeTopology(
    resolveTopology({
      duts: { dut: 'router' },
      nodes,
      links: [
        ['client', 'dut:0'],
        ['dut:1', 'out'],
      ],
    }),
  );
  const lines = topologyText(special).map((line) => line.trim().replace(/ +/g, ' '));
  expect(lines).toEqual(expect.arrayContaining(['client guest', 'out uplink: router 10.0.2.2, dns 10.0.2.3']));
  expect(topologyMermaid(special)).toEqual(expect.arrayContaining(['  node0("client (guest)")', '  node1("out (uplink)")']));
  expect(special.nodes).toMatchObject([
    { name: 'client', kind: 'guest' },
    { name: 'out', uplink: {} },
  ]);
});

test('without links, only the devices are shown', () => {
  const alone = describeTopology(resolveTopology({ links: 0 }));
  expect(topologyText(alone)).toEqual(['devices:', '  dut  from appliance']);
  expect(topologyMermaid(alone)).toEqual(['flowchart LR', '  dut0["dut (appliance)"]']);
});

test('as JSON, ends have the names that links use', () => {
  expect(long).toMatchObject({
    duts: [{ name: 'left', appliance: 'router', nics: [{ name: 'left:0', link: 'client--left:0' }, {}, { link: 'lan' }] }, {}],
    nodes: [{}, { name: 'server', interfaces: [{ name: 'eth0', addresses: ['10.2.0.2/24'], link: 'far' }, {}] }],
    links: [{ name: 'client--left:0', ends: ['client:eth0', 'left:0'], capture: 'client--left.0.pcap' }, {}, {}],
    segments: [{ name: 'lan', ends: ['left:2', 'right:2', 'server:eth1'], capture: 'lan.pcap' }],
  });
});
