import { test } from 'alpy/test';

test('shows the first question of the installer on the serial port', async ({ dut }) => {
  await dut.console.send('\t'); // it draws the buttons again
  await dut.console.expect('Go Back', { timeoutMs: 60_000 });
});
