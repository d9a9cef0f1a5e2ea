// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { resolveTopology, topologyAround, wiresOf } from '../../../src/topology/index.ts';

const address = '10.0.0.1/24';

const whole = resolveTopology({
  duts: { left: 'rabbit', right: 'rabbit', other: 'rabbit' },
  nodes: { client: { address }, server: {}, both: {} },
  links: [
    ['client', 'left:0'],
    ['left:1', 'right:0'],
    ['right:1', 'server'],
    ['both', 'other:1'],
  ],
  segments: { lan: ['left:2', 'right:2', 'other:0', 'both'] },
});

test('a device that boots alone has its own NICs, and the nodes on its links and segments', () => {
  const part = topologyAround(whole, 'left');
  expect(part.duts).toEqual([whole.duts[0]]);
  expect(part.nodes.map(({ name }) => name)).toEqual(['client', 'both']);
  expect(part.links.map(({ name }) => name)).toEqual(['client--left:0']);
  expect(part.segments).toEqual([
    {
      name: 'lan',
      ends: [
        { kind: 'nic', dut: 'left', nic: 'nic2' },
        { kind: 'interface', node: 'both', interface: 'eth1' },
      ],
    },
  ]);
});

test('links to other devices lead nowhere', () => {
  const wires = wiresOf(topologyAround(whole, 'left'));
  expect(wires.map(({ name, kind, ends }) => [name, kind, ends.length])).toEqual([
    ['client--left:0', 'direct', 2],
    ['lan', 'direct', 2],
    [undefined, 'hub', 1],
  ]);
  expect(wires.at(-1)?.ends).toMatchObject([{ kind: 'interface', node: { name: 'both' }, interface: { name: 'eth0' } }]);
});

test('changes elsewhere do not change the part of a device', () => {
  const { duts, nodes, links, segments } = whole;
  const elsewhere = links.filter(({ name }) => name !== 'right:1--server');
  const changed = { duts, nodes: nodes.filter(({ name }) => name !== 'server'), links: elsewhere, segments };
  expect(topologyAround(changed, 'left')).toEqual(topologyAround(whole, 'left'));
});

test('a topology of one device stays as it is', () => {
  const one = resolveTopology({ links: 3 });
  expect(topologyAround(one, 'dut')).toBe(one);
});
