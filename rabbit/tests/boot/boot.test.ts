// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

test.override('autoBoot', false);

test('boots to its login prompt, has its NICs on the right links, and shuts down at the power button', async ({
  dut,
  rabbit,
  step,
  nodes: [left, right],
}) => {
  await step('Boot', () => dut.boot());
  expect(await rabbit.run('hostname')).toBe('rabbit');

  await rabbit.setAddresses('192.168.1.1/24', '192.168.2.1/24');
  await left.configure({ address: '192.168.1.2/24' });
  await right.configure({ address: '192.168.2.2/24' });
  await expect(left).toReach('192.168.1.1');
  await expect(right).toReach('192.168.2.1');

  await step('Press the power button', () => dut.powerDown());
  expect(await dut.isRunning()).toBe(false);
});
