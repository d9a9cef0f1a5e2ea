// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { configureCommands } from '../../../src/network/address.ts';

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
  [{ address: '192.168.1.2' }, 'address: expected a prefix length from 0 to 32, such as 192.168.1.2/24, got "192.168.1.2"'],
  [{ address: 'fd00::2/129' }, 'address: expected a prefix length from 0 to 128, such as fd00::2/64, got "fd00::2/129"'],
  [{ address: '192.168.1.2/33' }, 'address: expected a prefix length'],
  [{ address: '192.168.1.2/24; reboot' }, 'address: expected a prefix length'],
  [{ address: '192.168.1.256/24' }, 'address: expected an IP address, got "192.168.1.256/24"'],
  [{ address: '1.2.3.4/5/6' }, 'address: expected an IP address, got "1.2.3.4/5/6"'],
  [{ gateway: 'router' }, 'gateway: expected an IP address, got "router"'],
  [{ gateway: '$(reboot)' }, 'gateway: expected an IP address, got "$(reboot)"'],
  [{ routes: [{ to: '10.0.0.0', via: '10.0.0.1' }] }, 'route: expected a prefix length'],
  [{ routes: [{ to: '10.0.0.0/8', via: 'x' }] }, 'route via: expected an IP address, got "x"'],
  [{ mtu: 67 }, 'mtu: expected a whole number from 68 to 65521, got 67'],
  [{ mtu: 1500.5 }, 'mtu: expected a whole number'],
])('%j is refused', (config, message) => {
  expect(() => configureCommands('eth0', config)).toThrow(message);
});
