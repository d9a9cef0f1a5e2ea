import { test } from 'alpy/test';

test.override('autoBoot', false); // the test starts the guest itself

test('refuses a wrong password', async ({ dut }) => {
  const wait = { timeoutMs: 60_000 * dut.timeFactor };
  await dut.start();
  await dut.console.expect(/\w login: $/, wait);
  await dut.console.sendLine('root', { echo: true });
  await dut.console.expect('Password: ', wait);
  await dut.console.sendLine('not the password', { secret: true });
  await dut.console.expect(['Login incorrect', 'Access denied'], wait);
});
