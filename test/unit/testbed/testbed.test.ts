// SPDX-License-Identifier: GPL-3.0-or-later
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Testbed, type TestbedParts } from '../../../src/testbed/testbed.ts';

test('saves the screens of all devices, also if one has none', async () => {
  const saved: string[] = [];
  const refusal = new Error('no screen');
  const screenshot = async (file: string): Promise<void> => {
    await nextTurn();
    saved.push(file);
  };
  const left = { dut: { name: 'left', screenshot: () => Promise.reject(refusal) }, screenFile: 'left.png' };
  const right = { dut: { name: 'right', screenshot }, screenFile: 'right.png' };
  const parts = { devices: [left, right], nodes: [], links: [], started: { apps: {} } };
  const testbed = new Testbed(parts as unknown as TestbedParts);
  await expect(testbed.saveScreens()).rejects.toBe(refusal);
  expect(saved).toEqual(['right.png']);
});

test('once the Docker daemon is lost, that is what a check reports, not the guest that ended because of it', () => {
  const lost = new Error('the Docker daemon closed its event stream');
  const container = { name: 'lifeline', engine: { lost: AbortSignal.abort(lost) } };
  const guestLost = { dut: { name: 'dut', failure: new Error('dut: the guest powered itself off') }, hypervisor: {} };
  const started = { lease: { group: { lifeline: { container } } }, nodes: [], uplinks: [], junctions: [], apps: { all: [] } };
  const parts = { devices: [guestLost], nodes: [], links: [], started };
  const testbed = new Testbed(parts as unknown as TestbedParts);
  expect(() => {
    testbed.check();
  }).toThrow(lost);
});
