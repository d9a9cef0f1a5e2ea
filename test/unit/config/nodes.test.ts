// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveConfig } from '../../../src/config/index.ts';
import { checkOverrides } from '../../../src/config/overrides.ts';
import { servedPaths } from '../../../src/topology/index.ts';

const load = (nodes: unknown, links = 2) =>
  resolveConfig({
    file: '/project/alpy.yaml',
    raw: { appliance: { image: 'x.qcow2' }, topology: { links, nodes } },
    directory: '/elsewhere',
  }).config.topology;

function problemsOf(nodes: unknown): readonly string[] {
  try {
    load(nodes);
  } catch (error) {
    return (error as { problems: readonly string[] }).problems.map((problem) => problem.replace('topology.nodes.', ''));
  }
  return [];
}

test('files that a node offers are relative to the configuration', () => {
  const nodes = {
    node0: { address: '10.0.0.1/24', dhcp: {}, http: { root: 'www' }, tftp: { files: { 'a/b': { file: 'boot/b' }, c: 'text' } } },
    node1: { ntp: {} },
  };
  expect(load(nodes)).toEqual({
    links: 2,
    nodes: {
      ...nodes,
      node0: {
        ...nodes.node0,
        http: { root: '/project/www' },
        tftp: { files: { 'a/b': { file: '/project/boot/b' }, c: 'text' } },
      },
    },
  });
});

test('the files and folders that nodes offer are known before they are read', () => {
  const topology = load({
    node0: { http: { root: 'www' } },
    node1: { tftp: { files: { a: 'text', b: { file: '/etc/passwd' } } } },
  });
  expect(servedPaths(topology)).toEqual(['/project/www', '/etc/passwd']);
});

test.each([
  [{ node2: { ntp: {} } }, ['node2: expected one of the nodes node0, node1, got "node2"']],
  [{ node0: { adress: '10.0.0.1/24' } }, ['node0.adress: unknown key. Did you mean address?']],
  [{ node0: { dhcp: { rang: 'x' } } }, ['node0.dhcp.rang: unknown key. Did you mean range?']],
  [
    { node0: { address: '10.0.0.1' } },
    ['node0.address: expected an IP address with its prefix length, such as 192.168.1.2/24 or fd00::2/64, got "10.0.0.1"'],
  ],
  [
    { node0: { address: '10.0.0.1/24', gateway: '10.1.0.1' } },
    ['node0.gateway: expected an address in a network of the node, which has 10.0.0.1/24, got "10.1.0.1"'],
  ],
  [
    { node0: { address: '10.0.0.1/24', routes: [{ to: '10.2.0.0/16', via: '10.1.0.1' }] } },
    ['node0.routes.0.via: expected an address in a network of the node, which has 10.0.0.1/24, got "10.1.0.1"'],
  ],
  [{ node0: { dhcp: {} } }, ['node0.dhcp: expected a node with an address: set the address of the node, too, got an object']],
  [
    { node0: { address: '10.0.0.1/24', dhcp: { range: '10.0.1.5-10.0.1.9' } } },
    [
      'node0.dhcp.range: expected a range that ascends and lies in a network of the node, which has the address 10.0.0.1/24, got "10.0.1.5-10.0.1.9"',
    ],
  ],
  [
    { node0: { dns: { records: { 'www,example': '10.0.0.1' } } } },
    ['node0.dns.records: expected addresses of names, such as { www.example: 192.168.1.2 }, got an object'],
  ],
  [{ node0: { http: {} } }, ['node0.http: expected either root or files, got an object']],
  [{ node0: { tftp: { root: 'x', files: {} } } }, ['node0.tftp: expected either root or files, got an object']],
  [
    { node0: { tftp: { files: { '../x': 'y' } } } },
    [
      'node0.tftp.files: expected files by their path, each its content or { file: PATH }. A path has no empty part and no .., got an object',
    ],
  ],
  [{ node0: { http: { root: 'x', port: 70_000 } } }, ['node0.http.port: expected 65535 or less, got the number 70000']],
  [
    { node0: { http: { root: 'x', port: 53 }, dns: {} } },
    ['node0.http.port: expected a TCP port that dns and syslog do not use, got the number 53'],
  ],
  [
    { node0: { sysctls: { 'kernel.panic': 1, 'net.ipv4.conf.eth0.proxy_arp': 1, 'net.ipv4.ip_unprivileged_port_start': 1024 } } },
    [
      'node0.sysctls.kernel.panic: expected a setting of the network, whose name begins with net., such as net.ipv4.ip_forward, got the number 1',
      'node0.sysctls.net.ipv4.conf.eth0.proxy_arp: expected net.ipv4.conf.default.proxy_arp, which is for all interfaces, because the node has none when it gets its settings, got the number 1',
      'node0.sysctls.net.ipv4.ip_unprivileged_port_start: expected no net.ipv4.ip_unprivileged_port_start: it must stay 0 for the servers of nodes, got the number 1024',
    ],
  ],
  [
    { node0: { sysctls: { 'net.ipv4.ip_forward': true, 'net.ipv4.tcp_mem': ' ' } } },
    [
      'node0.sysctls.net.ipv4.ip_forward: expected a whole number, or a string such as "1024 65535", got the boolean true',
      'node0.sysctls.net.ipv4.tcp_mem: expected a whole number, or a string such as "1024 65535", got " "',
    ],
  ],
  [
    { node0: { resolver: { servers: ['10.0.0.1', 'x'] } }, node1: { resolver: { search: 'a b' } } },
    [
      'node0.resolver.servers.1: expected an IP address without a prefix length, such as 192.168.1.1 or fd00::1, got "x"',
      'node1.resolver.servers: expected an IP address, or a list of them; at most 3, because programs use no more, got nothing',
      'node1.resolver.search: expected a domain, such as lab.example, got "a b"',
    ],
  ],
  [
    { node0: { resolver: { servers: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] } } },
    ['node0.resolver.servers: expected an IP address, or a list of them; at most 3, because programs use no more, got a list'],
  ],
  [
    { node0: { address: '10.0.0.1/24', bond: { mode: '802.3ad', interfaces: ['eth0', 'eth1', 'eth0'], gateway: '10.0.0.2' } } },
    [
      'node0.address: expected bond.address, because the node has a bond, got "10.0.0.1/24"',
      'node0.bond.interfaces.1: expected one of the interfaces of the node (eth0), got "eth1"',
      'node0.bond.interfaces.2: expected each interface once, got "eth0"',
      'node0.bond.gateway: expected an address in a network of the bond, which has no address, got "10.0.0.2"',
    ],
  ],
  [
    { node0: { bond: { mode: 'lacp' } } },
    [
      'node0.bond.mode: expected one of 802.3ad, active-backup, balance-alb, balance-rr, balance-tlb, balance-xor, broadcast, got "lacp"',
    ],
  ],
  [
    { node0: { bond: { mode: 'broadcast' }, interfaces: { eth0: { mtu: 1400 } } } },
    ['node0.interfaces.eth0: expected nothing for eth0, which is part of the bond: use bond, got an object'],
  ],
  [
    {
      node0: { address: ['fd00::1/64', 'fd00:0::1/64'] },
      node1: { vlans: [{ id: 5, address: ['10.0.0.1/24', '10.0.0.1/16'] }] },
    },
    [
      'node0.address.1: expected each address once, got "fd00:0::1/64"',
      'node1.vlans.0.address.1: expected each address once, got "10.0.0.1/16"',
    ],
  ],
  [
    {
      node0: { vlans: [{ id: 5000 }, { id: 7 }, { id: 7 }] },
      node1: { interfaces: { eth0: { vlans: [{ id: 0 }, { id: 9 }, { id: 9 }] } } },
    },
    [
      'node0.vlans.0.id: expected 4094 or less, got the number 5000',
      'node1.interfaces.eth0.vlans.0.id: expected 1 or more, got the number 0',
      'node0.vlans.2.id: expected a number that no other VLAN of the interface has, got the number 7',
      'node1.interfaces.eth0.vlans.2.id: expected a number that no other VLAN of the interface has, got the number 9',
    ],
  ],
  [
    { node0: { mtu: 20, mac: '52:54' }, node1: { vlans: [{ id: 5000, mtu: 70_000 }] } },
    [
      'node0.mtu: expected 68 or more, got the number 20',
      'node0.mac: expected a MAC address, such as 02:00:00:12:34:56, got "52:54"',
      'node1.vlans.0.id: expected 4094 or less, got the number 5000',
      'node1.vlans.0.mtu: expected 65521 or less, got the number 70000',
    ],
  ],
  [
    { node0: { mac: '01:00:00:00:00:01' } },
    [
      'node0.mac: expected the MAC address of one interface: not 0, and without the bit for groups, like 02:00:00:12:34:56, got "01:00:00:00:00:01"',
    ],
  ],
  [
    { node0: { bond: {} }, node1: { bond: { mode: '802.3ad', interfaces: [] } } },
    [
      'node0.bond.mode: expected one of 802.3ad, active-backup, balance-alb, balance-rr, balance-tlb, balance-xor, broadcast, got nothing',
      'node1.bond.interfaces: expected a list that is not empty, got an empty list',
    ],
  ],
  [
    { node0: { address: '10.0.0.1/24', dhcp: { range: '10.0.0.5', options: { 300: 'x' }, domain: 'a b' } } },
    [
      'node0.dhcp.range: expected the first and the last address of a range, such as 192.168.1.100-192.168.1.199, got "10.0.0.5"',
      'node0.dhcp.domain: expected a name of letters, digits, dots, dashes and underscores, got "a b"',
      'node0.dhcp.options: expected DHCP options by number from 1 to 254, such as { 66: 192.168.1.1 }, got an object',
    ],
  ],
  [
    { node0: { address: '10.0.0.1/31', dhcp: {} }, node1: { address: 'fd00::1/48', dhcp: {} } },
    [
      'node0.dhcp.range: expected a range of addresses, because the network of 10.0.0.1/31 is too small for a default, got nothing',
      'node1.dhcp.range: expected IPv6 networks with a prefix length of 64 or more, because others have no DHCPv6, got nothing',
    ],
  ],
  [
    { node0: { uplink: true, dhcp: {} } },
    ['node0.dhcp: expected no DHCP server beside uplink, whose router is one. Remove it, got an object'],
  ],
  [{ node0: { dns: {}, syslog: { port: 53 } } }, ['node0.syslog.port: expected a port that dns does not use, got the number 53']],
  [{ node0: { ntp: true } }, ['node0.ntp: expected an object, got the boolean true. Write keys below it, such as stratum']],
  [{ node0: { syslog: { port: 'x' } } }, ['node0.syslog.port: expected a whole number, got "x"']],
])('the configuration of nodes %j is refused', (nodes, problems) => {
  expect(problemsOf(nodes)).toEqual(problems);
});

test('what a test overrides is checked in the same way', () => {
  const topology = { links: 1, nodes: { node1: {} } };
  expect(() => {
    checkOverrides({ appliance: {}, topology, boot: 'cold' }, ['appliance']);
  }).toThrow(/^test\.override: topology\.nodes\.node1: expected one of the nodes node0, got "node1"$/);
});

test('a node of kind guest has no services, because these run in containers', () => {
  expect(problemsOf({ node0: { kind: 'guest', address: '10.0.0.1/24', dhcp: {}, ntp: {} } })).toEqual([
    'node0.dhcp: expected no dhcp for a node of kind guest, because services run in containers: declare it for another node, got an object',
    'node0.ntp: expected no ntp for a node of kind guest, because services run in containers: declare it for another node, got an object',
  ]);
  expect(problemsOf({ node0: { kind: 'guest', uplink: true } })).toEqual([
    'node0.uplink: expected no uplink for a node of kind guest: declare it for another node, got the boolean true',
  ]);
  expect(problemsOf({ node0: { kind: 'vm' } })).toEqual(['node0.kind: expected one of container, guest, got "vm"']);
});
