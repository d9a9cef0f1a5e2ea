// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { ofDevice } from '../../../src/testbed/device-names.ts';
import { resolveTopology, type Topology } from '../../../src/topology/index.ts';

function suffixesOf(topology: Topology): readonly string[] {
  return topology.duts.map((dut) => ofDevice(topology, dut));
}

test('parts and steps of one of several devices end with the name of their device', () => {
  const links = [['left:0', 'right:0']] as const;
  expect(suffixesOf(resolveTopology({ duts: { left: 'router', right: 'router' }, links }))).toEqual([' of left', ' of right']);
  expect(suffixesOf(resolveTopology({ links: 1 }))).toEqual(['']);
});
