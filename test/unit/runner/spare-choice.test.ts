// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { wantsSpare } from '../../../src/runner/spare-choice.ts';
import { resolveTopology } from '../../../src/topology/index.ts';

const plain = resolveTopology({ links: 1, nodes: { node0: { kind: 'container' } } });
const withGuest = resolveTopology({ links: 2, nodes: { node1: { kind: 'guest' } } });

test.each([
  ['auto', 'tcg', true, false],
  ['auto', 'kvm', true, true],
  ['always', 'tcg', true, true],
  ['never', 'kvm', false, false],
] as const)('spareTestbeds %s with %s: containers %s, a node of kind guest %s', (mode, accel, ofContainers, ofGuest) => {
  expect([wantsSpare(mode, plain, accel), wantsSpare(mode, withGuest, accel)]).toEqual([ofContainers, ofGuest]);
});
