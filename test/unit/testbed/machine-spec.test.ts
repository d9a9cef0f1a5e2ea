// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { asGuestSees, machineSpec } from '../../../src/testbed/machine-spec.ts';
import { resolveTopology, type Topology } from '../../../src/topology/index.ts';
import { rabbit } from '../../support/testbeds.ts';

function secondDevice({ duts }: Topology) {
  return machineSpec(rabbit(), duts[1]!, { drives: [] } as never, 'tcg', new Date(0));
}

test('a guest does not see the names of its links, and whether its NIC records their frames', () => {
  const nodes = { client: {}, server: {} };
  const devices = { left: 'rabbit', right: 'rabbit' };
  const cabled = secondDevice(
    resolveTopology({
      duts: devices,
      nodes,
      links: [
        ['client', 'left:0'],
        ['left:1', 'right:0'],
        ['right:1', 'server'],
      ],
    }),
  );
  const onSegments = secondDevice(
    resolveTopology({
      duts: devices,
      nodes,
      segments: { lan: ['left:0', 'right:0', 'client'], wan: ['right:1', 'left:1', 'server'] },
    }),
  );
  expect(cabled).not.toEqual(onSegments);
  expect(asGuestSees(cabled)).toEqual(asGuestSees(onSegments));
  expect(asGuestSees(cabled).nics.map(({ mac }) => mac)).toEqual(['52:54:00:a1:01:00', '52:54:00:a1:01:01']);
});
