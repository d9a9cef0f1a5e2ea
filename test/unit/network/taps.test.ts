// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { hubCommands } from '../../../src/network/hub.ts';

test('a cable gives each frame to the other end', () => {
  const match = 'protocol all u32 match u32 0 0 at -12';
  expect(hubCommands(['tap0', 'tap1'])).toEqual([
    'qdisc add dev tap0 ingress',
    `filter add dev tap0 parent ffff: ${match} action mirred egress redirect dev tap1`,
    'qdisc add dev tap1 ingress',
    `filter add dev tap1 parent ffff: ${match} action mirred egress redirect dev tap0`,
  ]);
});

test('a hub gives a copy of each frame to all other ends, and the frame itself to the last one', () => {
  const [, filter] = hubCommands(['tap0', 'tap1', 'port0']);
  expect(filter).toMatch(/ action mirred egress mirror dev tap1 action mirred egress redirect dev port0$/);
});

test('an end that leads nowhere needs no rule', () => {
  expect(hubCommands(['port0'])).toEqual([]);
});
