// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { configureCommands, configureScript, removeVlans } from '../../../src/network/address.ts';
import { check } from '../../../src/network/node-options.ts';

test('an address and a default route', () => {
  expect(configureCommands('eth0', { address: '192.168.1.2/24', gateway: '192.168.1.1' })).toEqual([
    'address flush dev eth0 scope global',
    'address add 192.168.1.2/24 dev eth0',
    'route replace default via 192.168.1.1 dev eth0',
  ]);
});

test('all options, for IPv4 and IPv6', () => {
  const routes = [
    { to: '10.9.0.0/16', via: '10.1.0.9' },
    { to: 'fd09::/48', via: 'fd00::9' },
  ];
  expect(
    configureCommands('eth0', {
      address: ['10.1.0.2/16', 'fd00::2/64'],
      gateway: ['10.1.0.1', 'fd00::1'],
      mtu: 9000,
      routes,
    }),
  ).toEqual([
    'address flush dev eth0 scope global',
    'link set eth0 mtu 9000',
    'address add 10.1.0.2/16 dev eth0',
    'address add fd00::2/64 dev eth0 nodad',
    'route replace default via 10.1.0.1 dev eth0',
    'route replace default via fd00::1 dev eth0',
    'route replace 10.9.0.0/16 via 10.1.0.9 dev eth0',
    'route replace fd09::/48 via fd00::9 dev eth0',
  ]);
});

test('a MAC address and VLANs, each with its addresses', () => {
  const vlans = [
    { id: 5, address: '10.5.0.2/24', gateway: '10.5.0.1', mtu: 1400 },
    { id: 100, protocol: '802.1ad', routes: [{ to: '10.9.0.0/16', via: '10.6.0.9' }] } as const,
  ];
  expect(configureCommands('eth1', { mac: '02:00:00:00:00:05', vlans })).toEqual([
    'address flush dev eth1 scope global',
    'link set eth1 address 02:00:00:00:00:05',
    'link add link eth1 name eth1.5 type vlan id 5',
    'link set eth1.5 up',
    'link set eth1.5 mtu 1400',
    'address add 10.5.0.2/24 dev eth1.5',
    'route replace default via 10.5.0.1 dev eth1.5',
    'link add link eth1 name eth1.100 type vlan protocol 802.1ad id 100',
    'link set eth1.100 up',
    'route replace 10.9.0.0/16 via 10.6.0.9 dev eth1.100',
  ]);
});

test('the script runs all commands in one process, and prints what the kernel has', () => {
  expect(configureScript(configureCommands('eth0', { address: '10.0.0.2/24' }))).toBe(`ip -j -d -batch - <<'END'
address flush dev eth0 scope global
address add 10.0.0.2/24 dev eth0
address show
route show
END
ip -j -6 route show || :`);
});

test('VLANs from before are removed', () => {
  expect(removeVlans('eth0')).toBe(
    'for vlan in /sys/class/net/eth0/upper_eth0.*; do [ ! -e "$vlan" ] || ip link delete "${vlan##*/upper_}"; done',
  );
});

test('an empty configuration removes everything', () => {
  expect(configureCommands('eth0', {})).toEqual(['address flush dev eth0 scope global']);
});

test.each([
  { address: '192.168.1.2' },
  { address: 'fd00::2/129' },
  { address: '192.168.1.2/33' },
  { address: '192.168.1.2/24; reboot' },
  { address: '192.168.1.256/24' },
  { address: '1.2.3.4/5/6' },
  { address: ['192.168.1.2/24', '192.168.1.2'] },
  { gateway: 'router' },
  { gateway: '$(reboot)' },
  { gateway: '192.168.1.1/24' },
  { routes: [{ to: '10.0.0.0', via: '10.0.0.1' }] },
  { routes: [{ to: '10.0.0.0/8', via: 'x' }] },
  { routes: [{ to: '10.0.0.1/8', via: '10.0.0.1' }] },
  { routes: [{ to: 'fd00::1/48', via: 'fd00::2' }] },
  { mac: '02:00:00:00:00' },
  { mac: '03:00:00:00:00:01' },
  { mac: '00:00:00:00:00:00' },
  { vlans: [{}] },
  { vlans: [{ id: 0 }] },
  { vlans: [{ id: 4095 }] },
  { vlans: [{ id: 5, protocol: '802.1x' }] },
  { vlans: [{ id: 5, address: '10.0.0.1' }] },
  { vlans: { id: 5 } },
  { mtu: 67 },
  { mtu: 1500.5 },
  { adress: '192.168.1.2/24' },
])('%j is refused', (config) => {
  expect(() => {
    check.configure([config]);
  }).toThrow(UsageError);
});

test('an address without its prefix length is refused with an example', () => {
  expect(() => {
    check.configure([{ address: ['fd00::2/64', '192.168.1.2'] }]);
  }).toThrow(
    'node.configure: expected address[1] to be an IP address with its prefix length, such as 192.168.1.2/24 or fd00::2/64, got "192.168.1.2"',
  );
});

test.each([
  [{ mac: 'router' }, 'mac to be a MAC address, such as 02:00:00:12:34:56, got "router"'],
  [
    { mac: '01:00:5e:00:00:01' },
    'mac to be the MAC address of one interface: not 0, and without the bit for groups, like 02:00:00:12:34:56, got "01:00:5e:00:00:01"',
  ],
  [{ vlans: [{ id: 4095 }] }, 'vlans[0].id to be a whole number from 1 to 4094, got 4095'],
  [{ vlans: [{ id: 5, protocol: 'QinQ' }] }, 'vlans[0].protocol to be one of "802.1Q", "802.1ad", got "QinQ"'],
  [
    { routes: [{ to: '10.1.0.0/8', via: '10.0.0.1' }] },
    'routes[0].to to be a network, in whose address all bits after the prefix are 0, such as 10.0.0.0/8, got "10.1.0.0/8"',
  ],
])('%j: the error says what to write', (config, message) => {
  expect(() => {
    check.configure([config]);
  }).toThrow(`node.configure: expected ${message}`);
});
