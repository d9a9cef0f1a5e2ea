// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { changeProblems } from '../../../src/topology/index.ts';

const two = ['eth0', 'eth1'];
const bond = { mode: '802.3ad' } as const;

test('a node that runs can get settings of its interfaces, and a bond', () => {
  expect(changeProblems({ sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv4.conf.eth1.rp_filter': 0 } }, undefined, two)).toEqual(
    [],
  );
  expect(
    changeProblems({ sysctls: { 'net.ipv6.conf.all.forwarding': 1 }, bond: { ...bond, address: '10.0.0.1/24' } }, {}, two),
  ).toEqual([]);
  expect(changeProblems({ address: '10.0.0.1/24' }, undefined, two)).toEqual([]); // node.configure itself says what to use
});

test('what no node can have is named with its key', () => {
  const sysctls = { 'net.ipv4.conf.eth2.rp_filter': 0, 'kernel.panic': 1 };
  const expected = (changes: object, declared: object = {}) =>
    changeProblems(changes, declared, two).map(({ path, expected: text }) => `${path.join('.')}: ${text}`);
  expect(expected({ sysctls })).toEqual([
    'sysctls.net.ipv4.conf.eth2.rp_filter: a setting of one of the interfaces of the node (eth0, eth1)',
    'sysctls.kernel.panic: a setting of the network, whose name begins with net., such as net.ipv4.ip_forward',
  ]);
  expect(expected({ bond: { ...bond, interfaces: ['eth0', 'eth5'] } })).toEqual([
    'bond.interfaces.1: one of the interfaces of the node (eth0, eth1)',
  ]);
  expect(expected({ bond, address: '10.0.0.1/24' })).toEqual(['address: bond.address, because the node has a bond']);
  expect(expected({ bond }, { uplink: 'lab' })).toEqual(['bond: no bond beside uplink, which is for a node with one link']);
});
