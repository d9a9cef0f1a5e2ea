// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { dhcpProblems, dhcpRanges } from '../../../src/topology/index.ts';
import { ipText, ipValue, isAddress, isNetwork } from '../../../src/topology/ip.ts';

test.each([
  ['192.168.1.1/24', '192.168.1.128', '192.168.1.254', 24],
  ['10.0.0.1/30', '10.0.0.2', '10.0.0.2', 30],
  ['10.1.2.3/8', '10.128.0.0', '10.255.255.254', 8],
  ['fd00::1/64', 'fd00::100', 'fd00::1ff', 64],
  ['fd00::1/120', 'fd00::80', 'fd00::fe', 120],
])('the default range in the network of %s is %s to %s', (address, first, last, prefixLength) => {
  expect(dhcpRanges([address], {})).toEqual([{ first, last, family: address.includes(':') ? 6 : 4, prefixLength }]);
});

test('a range is served in the network that it lies in', () => {
  const range = ['10.0.0.50-10.0.0.60', 'fd00::a-fd00::f'];
  expect(dhcpRanges(['fd00::1/64', '10.0.0.1/16'], { range })).toEqual([
    { first: '10.0.0.50', last: '10.0.0.60', family: 4, prefixLength: 16 },
    { first: 'fd00::a', last: 'fd00::f', family: 6, prefixLength: 64 },
  ]);
});

const hosts = [
  { mac: '52:54:00:00:00:01', address: '10.0.0.7' },
  { mac: '52:54:00:00:00:02', address: '10.1.0.7' },
];

test.each([
  ['no address', [], {}, []],
  ['a range outside of the network', ['10.0.0.1/24'], { range: '10.0.1.5-10.0.1.9' }, ['range']],
  ['a range that leaves the network', ['10.0.0.1/24'], { range: '10.0.0.5-10.0.1.9' }, ['range']],
  ['a range that descends', ['10.0.0.1/24'], { range: '10.0.0.9-10.0.0.5' }, ['range']],
  ['a range of mixed families', ['10.0.0.1/24'], { range: '10.0.0.9-fd00::5' }, ['range']],
  ['a network without room', ['10.0.0.1/31'], {}, ['range']],
  ['an IPv6 network that is too large', ['fd00::1/48'], {}, ['range']],
  ['a host outside of the network', ['10.0.0.1/24'], { hosts }, ['hosts', 1, 'address']],
])('%s is a problem', (_, addresses, options, path) => {
  expect(dhcpProblems(addresses, options)).toMatchObject([{ path }]);
});

test('what fits the networks is no problem', () => {
  const [host] = hosts;
  expect(dhcpProblems(['10.0.0.1/24', 'fd00::1/64'], { range: 'fd00::5-fd00::9', hosts: [host!] })).toEqual([]);
});

test.each(['0.0.0.0', '192.168.255.1', '::', '::1', 'fd00::1:0:0:2', 'ff02::1:ff00:1'])('%s survives as a number', (address) => {
  expect(ipText(ipValue(address))).toBe(address);
});

test('an address has no zone, and a network has its prefix length', () => {
  expect(['10.0.0.1', 'fe80::1', 'fe80::1%eth0', '10.0.0.1/8', 'x'].map(isAddress)).toEqual([true, true, false, false, false]);
  expect(['10.0.0.1/8', 'fd00::/128', '10.0.0.1/33', '10.0.0.1', '10.0.0.1/8/8'].map(isNetwork)).toEqual([
    ...[true, true, false, false, false],
  ]);
});
