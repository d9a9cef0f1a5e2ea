// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'vitest';
import { chosenDevices } from '../../../src/cli/chosen-devices.ts';

const devices = [{ name: 'left' }, { name: 'right' }];

test('--dut chooses one device; without it, all are chosen', () => {
  expect(chosenDevices(devices, undefined)).toEqual(devices);
  expect(chosenDevices(devices, 'right')).toEqual([{ name: 'right' }]);
});

test('--dut with another name is an error that lists the devices', () => {
  expect(() => chosenDevices(devices, 'lef')).toThrow('--dut: expected one of left, right, got "lef"');
});
