// SPDX-License-Identifier: GPL-3.0-or-later
import { describe, expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { ExecError } from '../../../src/docker/index.ts';
import { configurationProblems } from '../../../src/network/configuration-problems.ts';
import { configureInterface } from '../../../src/network/configure.ts';

const eth0 = {
  ifname: 'eth0',
  mtu: 1400,
  address: '02:00:00:a1:00:00',
  addr_info: [
    { family: 'inet', local: '10.0.0.2', prefixlen: 24, scope: 'global' },
    { family: 'inet6', local: 'fd00::2', prefixlen: 64, scope: 'global' },
  ],
};
const vlan = { ...eth0, ifname: 'eth0.5', addr_info: [{ local: '10.5.0.2', prefixlen: 24, scope: 'global' }] };
const routes4 = [
  { dst: 'default', gateway: '10.0.0.1', dev: 'eth0' },
  { dst: '10.9.0.0/16', gateway: '10.0.0.9', dev: 'eth0' },
  { dst: '10.8.0.1', gateway: '10.0.0.8', dev: 'eth0' },
  { dst: '10.7.0.0/16', gateway: '10.5.0.1', dev: 'eth0.5' },
];
const routes6 = [{ dst: 'default', gateway: 'fd00::1', dev: 'eth0', metric: 1024 }];

/** What the script prints. */
const printed = [[eth0, vlan], routes4, routes6].map((list) => JSON.stringify(list)).join('\n');
const right = {
  address: ['10.0.0.2/24', 'fd00:0::2/64'],
  gateway: ['10.0.0.1', 'fd00::0:1'],
  routes: [
    { to: '10.9.0.0/16', via: '10.0.0.9' },
    { to: '10.8.0.1/32', via: '10.0.0.8' },
  ],
  mtu: 1400,
  mac: '02:00:00:A1:00:00',
  vlans: [{ id: 5, address: '10.5.0.2/24', routes: [{ to: '10.7.0.0/16', via: '10.5.0.1' }] }],
};

test('a configuration that has taken effect has no problems, however its addresses are written', () => {
  expect(configurationProblems('eth0', right, printed)).toEqual([]);
  expect(configurationProblems('eth0', {}, printed)).toEqual([]);
});

describe('what has not taken effect is named:', () => {
  test.each([
    [{ mtu: 1500 }, 'expected the MTU of eth0 to be 1500, got 1400'],
    [{ mac: '02:00:00:00:00:01' }, 'expected the MAC address of eth0 to be 02:00:00:00:00:01, got 02:00:00:a1:00:00'],
    [{ address: '10.0.0.3/24' }, 'expected the addresses of eth0 to be 10.0.0.3/24, got 10.0.0.2/24, fd00::2/64'],
    [{ gateway: '10.0.0.3' }, 'expected the route to 0.0.0.0/0 of eth0 to be via 10.0.0.3, got via 10.0.0.1'],
    [{ gateway: 'fd00::3' }, 'expected the route to ::/0 of eth0 to be via fd00::3, got via fd00::1'],
    [
      { routes: [{ to: '10.7.0.0/16', via: '10.0.0.1' }] },
      'expected the route to 10.7.0.0/16 of eth0 to be via 10.0.0.1, got none',
    ],
    [{ vlans: [{ id: 6 }] }, 'expected the interface eth0.6, got none'],
    [{ vlans: [{ id: 5, mtu: 1300 }] }, 'expected the MTU of eth0.5 to be 1300, got 1400'],
  ])('%j', (config, problem) => {
    expect(configurationProblems('eth0', config, printed)).toEqual([problem]);
  });

  test('an output that is not that of ip', () => {
    expect(configurationProblems('eth0', {}, '[nonsense\n')).toEqual(['expected the interface eth0, got none']);
  });
});

describe('configureInterface', () => {
  const place = { node: 'node0', device: 'eth0', shell: () => Promise.resolve(printed) };

  test('is silent if the result is right', async () => {
    await configureInterface(place, right, {});
  });

  test('fails if the result is wrong, and names all that is', async () => {
    await expect(configureInterface(place, { mtu: 1500, vlans: [{ id: 6 }] }, {})).rejects.toMatchObject({
      fault: 'environment',
      message:
        'node0: expected the MTU of eth0 to be 1500, got 1400; expected the interface eth0.6, got none. The kernel accepted the configuration, so another program on this machine or the node has changed it',
    });
  });

  test('an error shows the command that the kernel refused, and the feature that it lacks', async () => {
    const stderr = 'Error: Unknown device type.\nCommand failed -:3\n';
    const refused = new ExecError('node0', ['sh', '-ec', 'all of it'], exitStatusOf(1), '', stderr, 'usage');
    const config = { address: '10.0.0.2/24', vlans: [{ id: 5 }] };
    await expect(configureInterface({ ...place, shell: () => Promise.reject(refused) }, config, {})).rejects.toMatchObject({
      fault: 'environment',
      message: expect.stringMatching(
        /^node0: ip link add link eth0 name eth0\.5 type vlan id 5 ended with exit status 1: Error: Unknown device type\. \(.* lacks VLANs/,
      ) as string,
    });
  });

  test('any other error stays as it is', async () => {
    const error = new Error('the daemon is gone');
    await expect(configureInterface({ ...place, shell: () => Promise.reject(error) }, {}, {})).rejects.toBe(error);
  });

  test.each([
    [
      { gateway: ['10.0.0.1', '10.0.0.2'] },
      'gateway of eth0 to be the only default route for IPv4 or IPv6, because it replaces the others, got a list',
    ],
    [{ gateway: '10.0.0.1', vlans: [{ id: 5, gateway: '10.5.0.1' }] }, 'vlans.0.gateway of eth0 to be the only default route'],
    [{ vlans: [{ id: 5 }, { id: 5 }] }, 'vlans.1.id of eth0 to be a number that no other VLAN of the interface has, got 5'],
    [{ mtu: 1400, vlans: [{ id: 5, mtu: 1500 }] }, 'vlans.0.mtu of eth0 to be at most 1400, the MTU of the interface, got 1500'],
    [
      {
        routes: [
          { to: 'fd09::/48', via: 'fd00::1' },
          { to: 'fd09:0::/48', via: 'fd00::2' },
        ],
      },
      'routes.1.to of eth0 to be a network that no other route has, because this one replaces the others, got "fd09:0::/48"',
    ],
  ])('refuses %j before anything changes', async (config, message) => {
    const shell = (): Promise<string> => Promise.reject(new Error('it ran'));
    await expect(configureInterface({ ...place, shell }, config, {})).rejects.toMatchObject({
      fault: 'usage',
      message: expect.stringContaining(`node0: expected ${message}`) as string,
    });
  });
});
