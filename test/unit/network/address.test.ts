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

test('all that there is, in both families', () => {
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

test('nothing takes all away', () => {
  expect(configureCommands('eth0', {})).toEqual(['address flush dev eth0 scope global']);
});

test.each([
  [{ address: '192.168.1.2' }, 'address "192.168.1.2" needs a prefix length from 0 to 32, such as 192.168.1.2/24'],
  [{ address: 'fd00::2/129' }, 'address "fd00::2/129" needs a prefix length from 0 to 128, such as fd00::2/64'],
  [{ address: '192.168.1.2/33' }, 'address "192.168.1.2/33" needs a prefix length'],
  [{ address: '192.168.1.2/24; reboot' }, 'address "192.168.1.2/24; reboot" needs a prefix length'],
  [{ address: '192.168.1.256/24' }, 'address "192.168.1.256/24" is no IP address'],
  [{ address: '1.2.3.4/5/6' }, 'address "1.2.3.4/5/6" is no IP address'],
  [{ gateway: 'router' }, 'gateway "router" is no IP address'],
  [{ gateway: '$(reboot)' }, 'gateway "$(reboot)" is no IP address'],
  [{ routes: [{ to: '10.0.0.0', via: '10.0.0.1' }] }, 'route "10.0.0.0" needs a prefix length'],
  [{ routes: [{ to: '10.0.0.0/8', via: 'x' }] }, 'route via "x" is no IP address'],
  [{ mtu: 67 }, 'mtu 67 is no whole number from 68 to 65521'],
  [{ mtu: 1500.5 }, 'mtu 1500.5 is no whole number'],
])('%j is refused', (config, message) => {
  expect(() => configureCommands('eth0', config)).toThrow(message);
});
