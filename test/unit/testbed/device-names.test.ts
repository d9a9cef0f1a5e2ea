// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { consoleName } from '../../../src/testbed/device-names.ts';
import { resolveTopology, type Topology } from '../../../src/topology/index.ts';

function consolesOf(topology: Topology): readonly string[] {
  return topology.duts.map((dut) => consoleName(topology, dut));
}

test('the console of one of several devices is called by the name of its device', () => {
  const links = [['left:0', 'right:0']] as const;
  expect(consolesOf(resolveTopology({ duts: { left: 'router', right: 'router' }, links }))).toEqual([
    'serial console of left',
    'serial console of right',
  ]);
  expect(consolesOf(resolveTopology({ links: 1 }))).toEqual(['serial console']);
});
