// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import type { FilterPlace } from '../../../../src/qemu/index.ts';
import { chooseDirections, crossingsOf } from '../../../../src/testbed/faults/directions.ts';
import type { LinkEnd } from '../../../../src/testbed/link-end.ts';

/** A NIC by its name, such as `left:1`. */
function nic(name: string): LinkEnd {
  const [dut = '', index = ''] = name.split(':');
  const spec = { id: `nic${index}`, netdev: `net${index}` };
  return { kind: 'nic', name, dut, mac: '', model: 'e1000', spec, machine: {} as FilterPlace };
}

const node = (name: string): LinkEnd => ({ kind: 'interface', name }) as LinkEnd;

/** The NIC and the directions of an impairment. */
function chosen(ends: readonly LinkEnd[], direction = 'both', isSegment = true): readonly [nic: string, ...directions: string[]] {
  const { crossing, directions } = chooseDirections(crossingsOf({ name: 'lan', ends, isSegment }), direction);
  return [`${crossing.near.at(-1)} ${crossing.netdev}`, ...directions.map(({ name, queue }) => `${name} ${queue}`)];
}

test('a link between a device and a node is impaired at its NIC', () => {
  const ends = [node('node0'), nic('dut:2')];
  expect(chosen(ends)).toEqual(['dut:2 net2', 'dut->node0 rx', 'node0->dut tx']);
  expect(chosen(ends, 'dut:2->node0')).toEqual(['dut:2 net2', 'dut:2->node0 rx']);
  expect(chosen(ends, 'node0->dut')).toEqual(['dut:2 net2', 'node0->dut tx']);
});

test('a cable between devices is impaired at its first NIC; its ends are named by device or by NIC', () => {
  const ends = [nic('left:1'), nic('right:0')];
  expect(chosen(ends)).toEqual(['left:1 net1', 'left->right rx', 'right->left tx']);
  expect(chosen(ends, 'left:1->right:0')).toEqual(['left:1 net1', 'left:1->right:0 rx']);
  expect(chosen([nic('left:0'), nic('left:1')])).toEqual(['left:0 net0', 'left:0->left:1 rx', 'left:1->left:0 tx']);
});

test('a segment is impaired between one of its NICs and the hub', () => {
  const ends = [nic('left:2'), nic('right:2'), node('server')];
  expect(chosen(ends, 'right->lan')).toEqual(['right:2 net2', 'right->lan rx']);
  expect(chosen(ends, 'lan->left:2')).toEqual(['left:2 net2', 'lan->left:2 tx']);
  expect(chosen([nic('left:2'), node('client'), node('server')])).toEqual(['left:2 net2', 'left->lan rx', 'lan->left tx']);
});

test('directions on a segment with two ends can name the segment, too', () => {
  const ends = [nic('left:2'), nic('right:2')];
  expect(chosen(ends)).toEqual(['left:2 net2', 'left->right rx', 'right->left tx']);
  expect(chosen(ends, 'left->lan')).toEqual(['left:2 net2', 'left->lan rx']);
  expect(chosen(ends, 'lan->left:2')).toEqual(['left:2 net2', 'lan->left:2 tx']);
  expect(chosen(ends, 'right->lan')).toEqual(['left:2 net2', 'right->lan tx']);
  expect(chosen(ends, 'lan->right')).toEqual(['left:2 net2', 'lan->right rx']);
  expect(() => chosen(ends, 'left->lan', false)).toThrow('one of "both", "left->right", "right->left", got "left->lan"');
});

/** A node on a link without a device. */
const joined = (name: string): LinkEnd => {
  const port = { netdev: `wire-${name}`, machine: {} as FilterPlace, isUplink: name === 'internet' };
  return { kind: 'interface', name, port } as LinkEnd;
};

test('a link between two nodes is impaired at the tap of the second', () => {
  const ends = [joined('client'), joined('server')];
  expect(chosen(ends)).toEqual(['client wire-server', 'client->server rx', 'server->client tx']);
  expect(chosen(ends, 'server->client')).toEqual(['client wire-server', 'server->client tx']);
});

test('a link to a node with an uplink is impaired at the tap of the other, because frames of the router do not cross its own', () => {
  for (const ends of [
    ['client', 'internet'],
    ['internet', 'client'],
  ] as const)
    expect(chosen(ends.map(joined))).toEqual(['internet wire-client', 'internet->client rx', 'client->internet tx']);
});

test('a segment of nodes is impaired between one of them and the hub', () => {
  const ends = ['client', 'hop', 'server'].map(joined);
  expect(chosen(ends, 'hop->lan')).toEqual(['lan wire-hop', 'hop->lan tx']);
  expect(chosen(ends, 'lan->server')).toEqual(['lan wire-server', 'lan->server rx']);
});

test.each([
  ['both', [nic('left:2'), nic('right:2'), node('server')], '"left->lan", "lan->left", "right->lan", "lan->right", got "both"'],
  ['server->lan', [nic('left:2'), node('client'), node('server')], '"both", "left->lan", "lan->left", got "server->lan"'],
  ['up', [nic('dut:0'), node('node0')], '"both", "dut->node0", "node0->dut", got "up"'],
])('a direction that a link does not have is refused, with those that it has: %s', (direction, ends, text) => {
  expect(() => chosen(ends, direction)).toThrow(
    expect.objectContaining({ code: 'ALPY_USAGE', message: `link.impair: expected direction to be one of ${text}` }) as Error,
  );
});
