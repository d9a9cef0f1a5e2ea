// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { configureCommands } from '../../../src/network/address.ts';
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
