// SPDX-License-Identifier: GPL-3.0-or-later
// What node.configure changes besides an interface, while the node runs.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Node } from '../../src/network/index.ts';
import { resolveTopology } from '../../src/topology/index.ts';
import { rabbit, TestHost } from '../support/testbeds.ts';

let testHost: TestHost;
let container: Node;
let guest: Node;

beforeAll(async () => {
  testHost = await TestHost.open();
  const topology = resolveTopology({
    duts: { router: 'rabbit' },
    nodes: {
      container: { address: '10.0.1.1/24' },
      guest: { kind: 'guest', bond: { mode: 'broadcast', address: '10.0.2.1/24' } },
    },
    links: [
      ['container', 'router:0'],
      ['guest', 'router:1'],
      ['guest', 'router:2'],
    ],
  });
  const testbed = await testHost.testbedWith([rabbit()], topology); // the device need not boot
  container = testbed.nodes['container']!;
  guest = testbed.nodes['guest']!;
});

afterAll(async () => {
  await testHost[Symbol.asyncDispose]();
});

const read = async (node: Node, command: string): Promise<string> => (await node.run(command)).stdout.trim();

test('sysctls change on a node that runs, and its interface keeps its address', async () => {
  await container.configure({ sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.eth0.proxy_arp': 1 } });
  expect(await read(container, 'cd /proc/sys/net/ipv4 && cat ip_forward conf/eth0/proxy_arp')).toBe('1\n1');
  expect(await container.addresses()).toEqual(['10.0.1.1/24']);
  await container.configure({ address: '10.0.1.9/24', sysctls: { 'net.ipv4.ip_forward': 0 } });
  expect(await read(container, 'cd /proc/sys/net/ipv4 && cat ip_forward conf/eth0/proxy_arp')).toBe('0\n1');
  expect(await container.addresses()).toEqual(['10.0.1.9/24']);
});

test('a sysctl that the kernel refuses is named', async () => {
  await expect(container.configure({ sysctls: { 'net.ipv4.ip_local_port_range': 'x' } })).rejects.toMatchObject({
    fault: 'usage',
    message: expect.stringMatching(
      /^container\.configure: sysctls\.net\.ipv4\.ip_local_port_range: expected a value that the kernel/,
    ) as string,
  });
  await expect(guest.configure({ sysctls: { 'net.ipv4.ip_local_port_range': 'x' } })).rejects.toMatchObject({
    fault: 'usage',
    message: expect.stringMatching(/^guest\.configure: sysctls: expected net\.ipv4\.ip_local_port_range to be x/) as string,
  });
});

test('sysctls and the bond of a guest change', async () => {
  const bond0 = 'cd /sys/class/net/bond0/bonding; cat mode slaves';
  const addresses = `ip -o -4 address show scope global | awk '{ print $2, $4 }'`;
  const both = `${bond0}; ${addresses}`;
  expect(await read(guest, both)).toBe('broadcast 3\neth0 eth1\nbond0 10.0.2.1/24');
  await guest.configure({
    sysctls: { 'net.ipv4.ip_forward': 1 },
    bond: { mode: 'active-backup', interfaces: ['eth1'], address: '10.0.3.1/24', vlans: [{ id: 5, address: '10.0.5.1/24' }] },
  });
  expect(await read(guest, 'cat /proc/sys/net/ipv4/ip_forward')).toBe('1');
  expect(await read(guest, both)).toBe('active-backup 1\neth1\nbond0 10.0.3.1/24\nbond0.5 10.0.5.1/24');
  await guest.interfaces['eth0']!.configure({ address: '10.0.6.1/24', vlans: [{ id: 6, address: '10.0.7.1/24' }] });
  await guest.configure({ bond: { mode: 'balance-rr', address: '10.0.4.1/24' } });
  expect(await read(guest, both)).toBe('balance-rr 0\neth0 eth1\nbond0 10.0.4.1/24');
  expect(await guest.addresses()).toEqual(['10.0.4.1/24']);
});

test('a bond on a node without one of its interfaces is a mistake, and changes nothing', async () => {
  const addresses = await container.addresses();
  await expect(container.configure({ bond: { mode: 'broadcast', interfaces: ['eth1'] } })).rejects.toMatchObject({
    fault: 'usage',
    message: 'container.configure: bond.interfaces.0: expected one of the interfaces of the node (eth0), got "eth1"',
  });
  expect(await container.addresses()).toEqual(addresses);
});
