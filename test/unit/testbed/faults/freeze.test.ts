// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { freeze } from '../../../../src/testbed/faults/freeze.ts';

/** Freezes a device for a while, and returns the commands that QEMU got. */
async function frozen({ running = true, isOn = true }): Promise<readonly string[]> {
  const commands: string[] = [];
  const execute = (command: string): Promise<unknown> => {
    commands.push(command);
    return Promise.resolve({ running });
  };
  const supply = { isOn: true };
  {
    await using _frozen = await freeze('dut', { execute, isClosed: false }, supply);
    supply.isOn = isOn;
  }
  return commands.slice(1); // it asks for the state first
}

test('a frozen device goes on', async () => {
  expect(await frozen({})).toEqual(['stop', 'cont']);
});

test('a device that was halted before stays so', async () => {
  expect(await frozen({ running: false })).toEqual(['stop']);
});

test('a device whose power was cut while it was frozen does not start', async () => {
  expect(await frozen({ isOn: false })).toEqual(['stop']);
});
