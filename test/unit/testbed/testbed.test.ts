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
