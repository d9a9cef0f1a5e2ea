// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { capacityOf, defaultWorkers, inspectMachine, testbedMiB } from '../../../../src/runner/scheduler/capacity.ts';

test('the number of workers is limited by cores and by memory, and at least 1', () => {
  expect(defaultWorkers(2, 20_000, testbedMiB(256, 'tcg'))).toBe(6);
  expect(defaultWorkers(16, 20_000, testbedMiB(4096, 'tcg'))).toBe(4);
  expect(defaultWorkers(16, 400, testbedMiB(4096, 'tcg'))).toBe(1);
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
  expect(testbedMiB(256, 'tcg')).toBeGreaterThan(testbedMiB(256, 'kvm'));
});
