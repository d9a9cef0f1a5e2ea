// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { uplinkCommands } from '../../../src/network/uplink-filter.ts';

test('only requests to the router, and packets to addresses outside, are passed to the router', () => {
  const commands = uplinkCommands({
    tap: 'uplink0',
    pair: ['uplink0h', 'uplink0f'],
    network: '10.0.2.0/24',
    router: '10.0.2.2',
    dns: '10.0.2.3',
  });
  const whole = 'match ip ihl 5 0xf match u16 0 0x3fff at 6';
  const passed = 'action mirred egress redirect dev uplink0';
  const filter = 'filter add dev uplink0f parent ffff: prio';
  expect(commands).toEqual([
    'qdisc add dev uplink0f ingress',
    `${filter} 1 protocol arp u32 match u32 0 0 ${passed}`,
    `${filter} 2 protocol ip u32 ${whole} match ip protocol 17 0xff match ip dport 67 0xffff match ip dst 255.255.255.255 ${passed}`,
    `${filter} 3 protocol ip u32 ${whole} match ip protocol 17 0xff match ip dport 67 0xffff match ip dst 10.0.2.2 ${passed}`,
    `${filter} 4 protocol ip u32 ${whole} match ip protocol 17 0xff match ip dport 53 0xffff match ip dst 10.0.2.3 ${passed}`,
    `${filter} 5 protocol ip u32 ${whole} match ip protocol 6 0xff match ip dport 53 0xffff match ip dst 10.0.2.3 ${passed}`,
    `${filter} 6 protocol ip u32 match ip protocol 1 0xff match ip dst 10.0.2.2 ${passed}`,
    `${filter} 7 protocol ip u32 match ip dst 10.0.2.0/24 flowid 1:1`,
    `${filter} 8 protocol ip u32 match ip dst 0.0.0.0/8 flowid 1:1`,
    `${filter} 9 protocol ip u32 match ip dst 127.0.0.0/8 flowid 1:1`,
    `${filter} 10 protocol ip u32 match ip dst 169.254.0.0/16 flowid 1:1`,
    `${filter} 11 protocol ip u32 match ip dst 224.0.0.0/3 flowid 1:1`,
    `${filter} 12 protocol ip u32 match u32 0xa000202 0xffffffff at -12 ${passed}`,
    'qdisc add dev uplink0 ingress',
    'filter add dev uplink0 parent ffff: protocol all u32 match u32 0 0 at -12 action mirred egress redirect dev uplink0f',
  ]);
});
