import { test } from 'alpy/test';

test('asks for the language on the serial port', async ({ dut }) => {
  await dut.console.send('\r'); // the first line of its menu: Choose language
  await dut.console.expect('Select a language', { timeoutMs: 60_000 });
});
