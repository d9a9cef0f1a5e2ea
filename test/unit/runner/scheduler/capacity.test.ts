// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { capacityOf, defaultWorkers, inspectMachine, testbedMiB } from '../../../../src/runner/scheduler/capacity.ts';
import { resolveTopology, type ShortTopology } from '../../../../src/topology/index.ts';

const withNodes = (nodes: ShortTopology['nodes'], memoryMiB: number): number =>
  testbedMiB([{ memoryMiB }], resolveTopology({ links: 3, nodes }), 'tcg');

test('the number of workers is limited by cores and by memory, and at least 1', () => {
  expect(defaultWorkers(2, 20_000, withNodes({}, 256))).toBe(6);
  expect(defaultWorkers(16, 20_000, withNodes({}, 4096))).toBe(4);
  expect(defaultWorkers(16, 400, withNodes({}, 4096))).toBe(1);
});

test('with KVM as many boots at once as cores, half as many without', () => {
  expect(capacityOf({ cores: 8, availableMiB: 1000 }, 'kvm')).toEqual({ memoryMiB: 850, boots: 8 });
  expect(capacityOf({ cores: 8, availableMiB: 1000 }, 'tcg')).toEqual({ memoryMiB: 850, boots: 4 });
  expect(capacityOf({ cores: 1, availableMiB: 1000 }, 'tcg').boots).toBe(1);
});

test('the configuration says how much memory testbeds may take, instead of the machine', () => {
  expect(capacityOf({ cores: 2, availableMiB: 1000 }, 'kvm', 300).memoryMiB).toBe(300);
  expect(capacityOf({ cores: 2, availableMiB: 1000 }, 'kvm', 3000).memoryMiB).toBe(3000);
});

test('this machine has cores and memory, and a testbed takes more than its guest', async () => {
  const { cores, availableMiB } = await inspectMachine();
  expect(cores).toBeGreaterThan(0);
  expect(availableMiB).toBeGreaterThan(100);
  expect(withNodes({}, 256)).toBeGreaterThan(256);
});

test('a testbed counts the guests of its devices and nodes, and its uplinks', () => {
  expect(withNodes({}, 256)).toBe(256 + 550);
  expect(withNodes({ node0: { kind: 'container', address: '10.0.0.1/24' } }, 256)).toBe(256 + 550);
  expect(withNodes({ node0: { kind: 'guest' }, node1: { kind: 'guest' } }, 256)).toBe(256 + 550 + 2 * 512);
  expect(withNodes({ node0: { uplink: true }, node1: { uplink: 'lab' }, node2: { uplink: false } }, 256)).toBe(
    256 + 550 + 2 * 80,
  );
  const none = { nodes: [], links: [], segments: [] };
  expect(testbedMiB([{ memoryMiB: 256 }, { memoryMiB: 512 }], none, 'tcg')).toBe(256 + 512 + 2 * 550);
  expect(testbedMiB([{ memoryMiB: 256 }], none, 'kvm')).toBe(256 + 300);
});

test('a testbed counts what joins nodes on links without a device', () => {
  const ofLinks = (...links: readonly (readonly [string, string])[]): number =>
    testbedMiB([{ memoryMiB: 256 }], resolveTopology({ duts: { dut: 'a' }, nodes: { b: {}, c: {} }, links }), 'tcg');
  expect(ofLinks(['dut:0', 'b'], ['dut:1', 'c'])).toBe(256 + 550);
  expect(ofLinks(['dut:0', 'b'], ['b', 'c'])).toBe(256 + 550 + 40);
});
