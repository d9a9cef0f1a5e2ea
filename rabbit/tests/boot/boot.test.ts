// SPDX-License-Identifier: GPL-3.0-or-later
import { expect, test } from 'carrot';

test.override('autoBoot', false);

test('boots to its login prompt and powers down when told to', async ({ dut, step }) => {
  await step('Boot', () => dut.boot());
  const { output } = await dut.shell.run('hostname');
  expect(output).toBe('rabbit');

  await step('Press the power button', () => dut.powerDown());
  expect(await dut.isRunning()).toBe(false);
});
