// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { exitStatusOf } from '../../../src/core/exit-status.ts';
import { ExecError } from '../../../src/docker/index.ts';
import { bondCommands, bondProblems, configureBond, replaceBond } from '../../../src/network/bond.ts';

const bond = { mode: '802.3ad', interfaces: ['eth0', 'eth1'], address: '10.0.0.2/24', gateway: '10.0.0.1' } as const;

test('interfaces are down when they become part of the bond, which then gets the addresses', () => {
  expect(bondCommands({ ...bond, mtu: 9000, vlans: [{ id: 5, address: '10.5.0.2/24' }] })).toEqual([
    'link add bond0 type bond mode 802.3ad miimon 100',
    'link set eth0 down',
    'link set eth0 master bond0',
    'link set eth1 down',
    'link set eth1 master bond0',
    'link set bond0 up',
    'address flush dev bond0 scope global',
    'link set bond0 mtu 9000',
    'address add 10.0.0.2/24 dev bond0',
    'route replace default via 10.0.0.1 dev bond0',
    'link add link bond0 name bond0.5 type vlan id 5',
    'link set bond0.5 up',
    'address add 10.5.0.2/24 dev bond0.5',
  ]);
});

/** What `ip -j -d address show` and `ip -j route show` print. */
function printed(mode: string, members: readonly string[]): string {
  const interfaces = [
    ...['eth0', 'eth1'].map((ifname) => ({ ifname, addr_info: [], ...(members.includes(ifname) ? { master: 'bond0' } : {}) })),
    {
      ifname: 'bond0',
      linkinfo: { info_kind: 'bond', info_data: { mode, miimon: 100 } },
      addr_info: [{ family: 'inet', local: '10.0.0.2', prefixlen: 24 }],
    },
  ];
  return `${JSON.stringify(interfaces)}\n${JSON.stringify([{ dst: 'default', gateway: '10.0.0.1', dev: 'bond0' }])}\n[]\n`;
}

test('a bond that has taken effect has no problems', () => {
  expect(bondProblems(bond, printed('802.3ad', ['eth0', 'eth1']))).toEqual([]);
});

test('what has not taken effect is named', () => {
  expect(bondProblems(bond, printed('balance-rr', ['eth1']))).toEqual([
    'expected the mode of bond0 to be 802.3ad, got balance-rr',
    'expected bond0 to consist of eth0, eth1, got eth1',
  ]);
  expect(bondProblems(bond, '[]\n[]\n[]\n')).toEqual([
    'expected the interface bond0, got none',
    'expected bond0 to consist of eth0, eth1, got no interface',
  ]);
});

test('a kernel without bonding is the fault of the environment, and the error says what to load', async () => {
  const stderr = 'Error: Unknown device type.\nCommand failed -:1\n';
  const shell = () => Promise.reject(new ExecError('node0', ['ip'], exitStatusOf(1), '', stderr, 'usage'));
  const error: unknown = await configureBond({ node: 'server', shell }, bond, {}).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ fault: 'environment' });
  expect(String(error)).toContain('lacks bonding: try "sudo modprobe bonding" there');
});

test('a bond replaces an earlier one, and what its interfaces had', async () => {
  const scripts: string[] = [];
  const shell = (script: string) => {
    scripts.push(script);
    return Promise.resolve(printed('802.3ad', ['eth0', 'eth1']));
  };
  await replaceBond({ node: 'server', shell }, bond, {});
  expect(scripts).toHaveLength(1);
  const lines = scripts[0]!.split('\n');
  const at = (line: string): number => lines.findIndex((one) => one.includes(line));
  const order = [
    'ip link set "$part" nomaster && ip link set "$part" up',
    'ip link delete bond0',
    'net/eth1/upper_eth1.*',
    'address flush dev eth1 scope global',
    'link add bond0',
    'link set eth1 master bond0',
  ].map(at);
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order).not.toContain(-1);
});
